import { createServer } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startKeymux, type Keymux, type KeymuxOptions } from '../product/keymux.ts';

const running: Keymux[] = [];
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
});

async function start(options: KeymuxOptions = {}): Promise<Keymux> {
  const keymux = await startKeymux(options);
  running.push(keymux);
  return keymux;
}

/** What a start that must fail says: its exit code and its complaint. */
async function refusal(env: Record<string, string>) {
  const keymux = await start({ env, wait: false });
  const exit = await keymux.exited();
  return { code: exit.code, text: keymux.logs().trim() };
}

describe('a bad environment stops the start with one line that names what is wrong', () => {
  it.each([
    ['PORT', 'eighty'],
    ['PORT', '70000'],
    ['GATEWAY_WORKERS', '0'],
    ['MAX_CONCURRENT_REQUESTS', '-1'],
    ['LOG_LEVEL', 'loud'],
    ['LOG_FORMAT', 'xml'],
    ['ENABLE_CORS', 'maybe'],
    ['SERVER_GRACEFUL_SHUTDOWN_TIMEOUT', '10s'],
    ['HTTP_PROXY', 'ftp://proxy'],
    ['TZ', 'Nowhere/Nothing'],
    ['BLACKLIST_THRESHOLD', 'three'],
    ['DATABASE_DSN', 'mysql://u:p@h/db'],
    ['AUTH_KEY_FILE', '/no/such/file'],
  ])('%s=%s', async (name, value) => {
    const { code, text } = await refusal({
      [name]: value,
      ...(name === 'AUTH_KEY_FILE' ? { AUTH_KEY: '' } : {}),
    });
    expect(code).not.toBe(0);
    expect(text).toContain(name);
    expect(text.split('\n')).toHaveLength(1);
    expect(text).not.toContain('u:p@h');
  });

  it('a port in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { code, text } = await refusal({ PORT: String(port) });
    server.close();
    expect(code).not.toBe(0);
    expect(text).toContain(String(port));
    expect(text).not.toMatch(/\bat .*\.[jt]s:\d+/);
  });
});

describe('the environment', () => {
  it('is also read from a .env file, under what is set', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keymux-e2e-env-'));
    writeFileSync(join(folder, '.env'), 'MAX_RETRIES=7\nBLACKLIST_THRESHOLD=9\n');
    const keymux = await start({ dataDir: folder, env: { BLACKLIST_THRESHOLD: '4' } });
    const reply = await keymux.api.request('GET', '/api/settings');
    expect(reply.json).toMatchObject({
      items: expect.arrayContaining([
        expect.objectContaining({ name: 'max_retries', value: 7, source: 'environment' }),
        expect.objectContaining({ name: 'blacklist_threshold', value: 4, source: 'environment' }),
      ]),
    });
    await keymux.close();
    rmSync(folder, { recursive: true });
  });

  it('makes log lines JSON when asked to', async () => {
    const keymux = await start({ env: { LOG_FORMAT: 'json' } });
    await keymux.stop();
    const lines = keymux.logs().trim().split('\n');
    const parsed = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    expect(parsed.length).toBeGreaterThan(0);
    // Around them only the greeting, which is for a person at the terminal.
    expect(
      lines.filter((line) => /\b(INFO|WARN|ERROR)\b/.test(line) && !line.startsWith('{')),
    ).toEqual([]);
  });
});
