import { channelByName } from '@keymux/channels';
import { describe, expect, it } from 'vitest';
import type { SmallAnswer } from './small-request.ts';
import { judgeProbe } from './verdict.ts';

const secret = 'sk-live-abcdefghijklmnop';
const about = { channel: channelByName('openai'), secret, timeoutMs: 20_000 };
const answer = (status: number, text = ''): SmallAnswer => ({ kind: 'answer', status, text });
const error = (message: string) => JSON.stringify({ error: { message, type: 't', code: 'c' } });

describe('the answer to a probe', () => {
  it.each([
    [200, '{"choices":[],"error":null}', 'works'],
    [204, '', 'works'],
    [200, error('no such key'), 'none'],
    [200, 'data: {"choices":[]}\n\ndata: {"error":null}', 'works'],
    [302, '', 'none'],
    [400, error('bad model'), 'refused'],
    [401, error('bad key'), 'refused'],
    [403, error('no'), 'refused'],
    [404, '', 'refused'],
    [408, '', 'none'],
    [429, error('slow down'), 'none'],
    [500, '', 'none'],
    [529, error('overloaded'), 'none'],
  ] as const)('%i %s: the key %s', (status, text, says) => {
    expect(judgeProbe(answer(status, text), about)).toMatchObject({ says, status });
  });

  it('hides no word of its own', () => {
    expect(judgeProbe(answer(503, error('busy')), about).message).toContain('the key: HTTP 503');
  });

  it('says what the provider said', () => {
    expect(judgeProbe(answer(401, error('bad key')), about).message).toBe('HTTP 401: bad key');
    expect(judgeProbe(answer(429, error('slow')), about).message).toContain('rate limited');
  });

  it('says that no answer is nothing about the key', () => {
    const gone = judgeProbe({ kind: 'no-answer', message: 'ECONNREFUSED: refused' }, about);
    expect(gone).toMatchObject({ says: 'none', status: null });
    expect(gone.message).toContain('ECONNREFUSED');
    expect(judgeProbe({ kind: 'aborted' }, about).message).toContain('20000 ms');
  });

  it('never repeats the key', () => {
    for (const text of [error(`wrong key ${secret}`), secret, `${'x'.repeat(995)}${secret}`]) {
      expect(judgeProbe(answer(401, text), about).message).not.toContain('abcdefgh');
    }
    const told = judgeProbe({ kind: 'no-answer', message: `header ${secret}` }, about);
    expect(told.message).not.toContain(secret);
  });

  it('is at most 2 KiB long and ends between characters', () => {
    const long = judgeProbe({ kind: 'no-answer', message: `a${'鍵'.repeat(2000)}` }, about);
    expect(Buffer.byteLength(long.message)).toBeLessThanOrEqual(2048);
    expect(long.message).not.toContain('\ufffd');
  });
});
