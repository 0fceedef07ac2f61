import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ask } from '../clients/ask.ts';
import { startKeymux, type Keymux } from '../product/keymux.ts';
import { addServing, useHouse } from '../product/house.ts';
import { fault } from '../provider-simulator/errors.ts';

const house = useHouse({ env: { LOG_LEVEL: 'debug', LOG_ENABLE_FILE: 'true' } });
const own: Keymux[] = [];
afterAll(async () => {
  for (const each of own) await each.close();
});

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name));
}

const permissions = (file: string) => statSync(file).mode & 0o777;

describe('secrets', () => {
  it('are nowhere in clear but upstream', async () => {
    const random = () => randomBytes(12).toString('hex');
    const upstreamKeys = [`sk-upstream-${random()}`, `sk-upstream-${random()}`];
    const groupKey = `pk-group-${random()}`;
    const wrongKey = `pk-wrong-${random()}`;
    const { keymux, simulator } = house;
    const { url, name } = await addServing(
      house,
      { channel: 'openai', proxy_keys: [groupKey] },
      upstreamKeys,
    );
    for (const key of [groupKey, wrongKey, keymux.proxyKey]) await ask(url, 'openai', key);
    await fetch(`${url}/v1/models?key=${groupKey}`);
    await fetch(`${url}/v1/models?key=${wrongKey}`);
    // A provider that repeats the key in its error, and one that fails in other ways.
    simulator.script({
      times: 1,
      answer: {
        kind: 'reply',
        status: 401,
        headers: [['Content-Type', 'application/json']],
        chunks: [
          Buffer.from(`{"error":{"message":"bad key ${upstreamKeys[0]} and ${upstreamKeys[1]}"}}`),
        ],
      },
    });
    await ask(url, 'openai', groupKey);
    simulator.script({ times: 1, answer: { kind: 'reset' } });
    await ask(url, 'openai', groupKey);
    simulator.script({ times: 2, answer: fault('openai', 'quota') });
    await ask(url, 'openai', groupKey);
    for (const [method, path, body] of [
      ['POST', '/api/auth/login', { auth_key: wrongKey }],
      ['GET', `/api/groups/${name}/keys?q=${upstreamKeys[0]}`, undefined],
      ['GET', '/api/settings', undefined],
      ['GET', '/api/logs', undefined],
      ['POST', `/api/groups/${name}/keys`, { keys: upstreamKeys, wrong: groupKey }],
    ] as const) {
      const reply = await keymux.api.request(method, path, { body });
      for (const secret of [...upstreamKeys, wrongKey, keymux.authKey]) {
        expect(reply.text).not.toContain(secret);
      }
    }
    const metrics = await (await fetch(keymux.metricsUrl)).text();
    await keymux.stop();

    const secrets = [...upstreamKeys, groupKey, wrongKey, keymux.proxyKey];
    const allowed = new Set(secrets);
    for (const hit of simulator.hits) {
      const seen = [hit.url, ...hit.rawHeaders].join('\n');
      for (const secret of [groupKey, wrongKey, keymux.proxyKey, keymux.authKey]) {
        expect(seen).not.toContain(secret);
      }
      expect(hit.url).not.toMatch(/sk-|key=/);
    }
    for (const secret of [...allowed, keymux.authKey]) {
      expect(keymux.logs()).not.toContain(secret);
      expect(metrics).not.toContain(secret);
      for (const file of filesOf(keymux.dataDir)) {
        expect(readFileSync(file).includes(secret), `${file} holds a secret`).toBe(false);
      }
    }
    await keymux.start();
  });

  it('are shown to a person only who asks for one, and that is remembered', async () => {
    const { keymux } = house;
    const secret = `sk-reveal-${randomBytes(12).toString('hex')}`;
    const { name } = await addServing(house, { channel: 'openai' }, [secret]);
    const key = await keymux.api.key(name, secret);
    expect(key.masked).toMatch(/^sk-rev….{4}$/);
    const revealed = await keymux.api.request('POST', `/api/keys/${key.id}/reveal`);
    expect(revealed.json).toMatchObject({ id: key.id, secret });
  });

  it('are made at the first start, readable by the owner alone, and shown once', async () => {
    const keymux = await startKeymux({ env: { AUTH_KEY: undefined, PROXY_KEYS: undefined } });
    own.push(keymux);
    // The last thing that a start does, a moment after it is ready.
    await expect.poll(() => keymux.logs()).toContain('AUTH_KEY');
    const files = filesOf(keymux.dataDir);
    const small = files.filter(
      (file) => statSync(file).size < 1000 && !/\.(db|log|json)/.test(file),
    );
    const shown = small
      .map((file) => ({ file, text: readFileSync(file, 'utf8').trim() }))
      .filter(({ text }) => text.length >= 20 && keymux.logs().includes(text));
    expect(shown).not.toEqual([]);
    const authKey = await Promise.all(
      shown.map(async ({ text }) => {
        const reply = await fetch(`${keymux.url}/api/groups`, {
          headers: { authorization: `Bearer ${text}` },
        });
        return reply.status;
      }),
    );
    expect(authKey).toContain(200);
    const encryption = small.filter((file) => file.toLowerCase().includes('encryption'));
    expect(encryption).toHaveLength(1);
    for (const file of [...encryption, ...shown.map((each) => each.file)]) {
      expect(permissions(file)).toBe(0o600);
    }
    const firstStart = keymux.logs();
    await keymux.stop();
    await keymux.start({ AUTH_KEY: undefined, PROXY_KEYS: undefined });
    const secondStart = keymux.logs().slice(firstStart.length);
    for (const { text } of shown) expect(secondStart).not.toContain(text);
  });

  it('may come from files', async () => {
    const { dataDir } = house.keymux;
    const file = join(dataDir, 'auth-key-of-the-test');
    writeFileSync(file, 'admin-from-a-file-0123456789\n');
    const keymux = await startKeymux({ env: { AUTH_KEY: undefined, AUTH_KEY_FILE: file } });
    own.push(keymux);
    const reply = await fetch(`${keymux.url}/api/groups`, {
      headers: { authorization: 'Bearer admin-from-a-file-0123456789' },
    });
    expect(reply.status).toBe(200);
  });
});
