import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { heldText } from './held-text.ts';

const text = '{"error":{"code":"insufficient_quota"}}';

it.each([
  ['gzip', gzipSync(text)],
  ['br', brotliCompressSync(text)],
  ['deflate', deflateSync(text)],
  ['zstd', zstdCompressSync(text)],
  [null, Buffer.from(text)],
])('an error answer in %s is read', (encoding, bytes) => {
  expect(heldText([bytes.subarray(0, 9), bytes.subarray(9)], encoding)).toBe(text);
});

it('an error answer that cannot be decoded is judged by its status alone', () => {
  expect(heldText([Buffer.from(text)], 'gzip')).toBe('');
});
