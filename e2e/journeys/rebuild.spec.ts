import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { keymanagerOperations, type KeyView } from '@keymux/contracts';
import { describe, expect, it, vi } from 'vitest';
import { ask } from '../clients/ask.ts';
import { addServing, at, secretsFor, useHouse } from '../product/house.ts';

const house = useHouse();
const command = fileURLToPath(new URL('../../services/standalone/src/rebuild.ts', import.meta.url));

/** Runs the command as a user does, on the machine of the house; rejects when it fails. */
const rebuild = () =>
  promisify(execFile)(process.execPath, [command], {
    cwd: house.keymux.dataDir,
    env: {
      PATH: process.env['PATH'],
      DATA_DIR: house.keymux.dataDir,
      PORT: String(house.keymux.port),
      AUTH_KEY: house.keymux.authKey,
    },
  });

/** What the database would say of keys that a person disabled. */
const disabled = {
  status: 'disabled',
  streak: 0,
  failure: null,
  rests: [],
  forgiven_ms: 0,
  restored: null,
  check: null,
  since_ms: 1,
  blacklisting: null,
};

const untilAnswered = (url: string, status: number) =>
  vi.waitUntil(async () => (await ask(url, 'openai', house.keymux.proxyKey)).status === status, {
    timeout: 40_000,
    interval: 20,
  });

describe('a rebuild', () => {
  it('while requests and an import go on changes nothing', async () => {
    const { keymux, simulator } = house;
    const { url, name } = await addServing(house, { channel: 'openai' }, 20);
    await keymux.api.addGroup({ name: 'still', channel: 'openai', upstreams: at(simulator) });
    await keymux.api.importKeys('still', secretsFor('still', 2_000));
    const some = await keymux.api.key('still', secretsFor('still', 1)[0] ?? '');
    await keymux.api.request('PATCH', `/api/keys/${some.id}`, {
      body: { note: 'mine', enabled: false },
    });
    await keymux.api.addGroup({ name: 'growing', channel: 'openai', upstreams: at(simulator) });
    const before = await keymux.api.keys('still');

    const statuses: number[] = [];
    let ended = false;
    const requests = (async () => {
      while (!ended) {
        statuses.push((await ask(url, 'openai', keymux.proxyKey)).status);
        await sleep(5);
      }
    })();
    try {
      const importing = keymux.api.importKeys('growing', secretsFor('growing', 5_000));
      const [said] = await Promise.all([rebuild(), importing]);
      expect(said.stdout).toMatch(/rebuilt: .*replaced 0, added 0, removed 0, unplaced 0/);
    } finally {
      ended = true;
      await requests;
    }
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await keymux.api.keys('still')).toEqual(before);
    expect((await keymux.api.keys('growing')).length).toBe(5_000);
    expect((await keymux.api.keys(name)).length).toBe(20);
    const { items } = await keymux.api.call(keymanagerOperations.listTasks);
    const task = items.find(({ kind }) => kind === 'rebuild');
    expect(task?.total).toBeGreaterThan(2_020);
    expect(task?.processed).toBe(task?.total);
  });

  it('puts right what is damaged, and gateways use it at once', async () => {
    const { keymux } = house;
    const { url, name, secrets } = await addServing(house, { channel: 'openai' }, 3);
    const before = await keymux.api.keys(name);
    await keymux.stop();
    const db = new DatabaseSync(join(keymux.dataDir, 'keymux.db'));
    db.prepare(
      `UPDATE keys SET status = 'disabled', condition = ?
       WHERE pool = (SELECT id FROM pools WHERE name = ?)`,
    ).run(JSON.stringify(disabled), name);
    db.close();
    await keymux.start();
    await untilAnswered(url, 503);

    expect((await rebuild()).stdout).toMatch(/replaced 3, added 0, removed 0/);
    await untilAnswered(url, 200);
    // They were used since.
    const unused = (keys: readonly KeyView[]) =>
      keys.map((key) => ({ ...key, requests: 0, failures: 0, last_used_at: null, headroom: null }));
    expect(unused(await keymux.api.keys(name))).toEqual(unused(before));
    expect(before).toHaveLength(secrets.length);
  });
});
