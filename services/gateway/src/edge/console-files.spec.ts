import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { createLogger } from '@keymux/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConsoleFiles } from './console-files.ts';

const script = 'console.log("hello")'.repeat(50);
const log = createLogger({ service: 'test', level: 'fatal', format: 'json' });
let folder = '';
let server: Server;
let url = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keymux-console-'));
  mkdirSync(join(folder, 'media'));
  writeFileSync(join(folder, 'index.html'), '<km-root ngCspNonce="__NONCE__"></km-root>');
  writeFileSync(join(folder, 'main-AB12cd34.js'), script);
  writeFileSync(join(folder, 'main-AB12cd34.js.br'), brotliCompressSync(script));
  writeFileSync(join(folder, 'main-AB12cd34.js.gz'), gzipSync(script));
  writeFileSync(join(folder, 'icon.svg'), '<svg/>');
  writeFileSync(join(folder, 'source-stamp'), 'secret of the build');
  const files = readConsoleFiles({ folder, log });
  server = createServer((req, res) => {
    const path = (req.url ?? '/').split('?', 1)[0] ?? '/';
    if (files?.answer(req, res, path) !== true) res.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url + path, { headers });
const asBrowser = { accept: 'text/html,application/xhtml+xml' };

describe('the files of the console', () => {
  it('come compressed as the client likes, and may be kept for ever when their name has a hash', async () => {
    for (const encoding of ['br', 'gzip', 'identity']) {
      const reply = await get('/main-AB12cd34.js', { 'accept-encoding': encoding });
      expect(await reply.text()).toBe(script);
      expect(reply.headers.get('content-encoding')).toBe(encoding === 'identity' ? null : encoding);
      expect(reply.headers.get('cache-control')).toContain('immutable');
    }
    const icon = await get('/icon.svg');
    expect(icon.headers.get('cache-control')).toBe('no-cache');
    const etag = icon.headers.get('etag') ?? '';
    expect((await get('/icon.svg', { 'if-none-match': etag })).status).toBe(304);
  });

  it('give every page a policy with a nonce of its own and no inline scripts', async () => {
    const [first, second] = [await get('/', asBrowser), await get('/', asBrowser)];
    const [one, two] = [await first.text(), await second.text()];
    expect(one).not.toBe(two);
    expect(one).not.toContain('__NONCE__');
    const nonce = /ngCspNonce="([\w-]+)"/.exec(one)?.[1];
    const policy = first.headers.get('content-security-policy') ?? '';
    expect(policy).toContain(`'nonce-${nonce}'`);
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain('unsafe');
    expect(first.headers.get('cache-control')).toBe('no-cache');
  });

  it('answer the addresses of pages with the page, but only those who want one', async () => {
    expect((await get('/groups/openai-main', asBrowser)).status).toBe(200);
    expect((await get('/groups/openai-main', { accept: '*/*' })).status).toBe(404);
  });

  it('do not pass a page off as a script of an older build, nor show what is not for browsers', async () => {
    expect((await get('/main-OLDOLD00.js', asBrowser)).status).toBe(404);
    expect((await get('/source-stamp')).status).toBe(404);
    expect((await get('/../package.json', asBrowser)).status).toBe(404);
  });
});

it('are null where nothing is built', () => {
  expect(readConsoleFiles({ folder: join(folder, 'nothing'), log })).toBeNull();
});
