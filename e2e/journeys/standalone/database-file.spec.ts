import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { KeyView } from '@keymux/contracts';
import { describe, expect, it, vi } from 'vitest';
import { ask } from '../../clients/ask.ts';
import { addServing, useHouse } from '../../product/house.ts';
import { startKeymux } from '../../product/keymux.ts';
import { rebuild } from '../../product/rebuild.ts';

const house = useHouse();

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

describe('a database file', () => {
  it('of a newer version stops the start with one line, and stays as it is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keymux-e2e-newer-'));
    const first = await startKeymux({ dataDir: folder });
    await first.stop();
    const path = join(folder, 'keymux.db');
    const db = new DatabaseSync(path);
    db.exec('PRAGMA user_version = 9999');
    db.close();
    const second = await startKeymux({ dataDir: folder, wait: false });
    const { code } = await second.exited();
    const text = second.logs();
    expect(code).not.toBe(0);
    expect(text).toMatch(/newer/i);
    expect(text).not.toMatch(/\bat .*\.[jt]s:\d+/);
    const again = new DatabaseSync(path);
    expect(again.prepare('PRAGMA user_version').get()).toEqual({ user_version: 9999 });
    again.close();
    rmSync(folder, { recursive: true });
  });

  it('that is damaged is put right by a rebuild, and gateways use it at once', async () => {
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

    expect((await rebuild(keymux)).stdout).toMatch(/replaced 3, added 0, removed 0/);
    await untilAnswered(url, 200);
    // They were used since.
    const unused = (keys: readonly KeyView[]) =>
      keys.map((key) => ({ ...key, requests: 0, failures: 0, last_used_at: null, headroom: null }));
    expect(unused(await keymux.api.keys(name))).toEqual(unused(before));
    expect(before).toHaveLength(secrets.length);
  });
});
