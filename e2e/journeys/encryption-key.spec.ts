import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { addServing, untilServing, useHouse } from '../product/house.ts';

const house = useHouse();
const command = fileURLToPath(
  new URL('../../services/standalone/src/reencrypt.ts', import.meta.url),
);

/** Runs the command as a user does, against the data of the house; rejects when it fails. */
const reencrypt = () =>
  promisify(execFile)(process.execPath, [command], {
    cwd: house.keymux.dataDir,
    env: { PATH: process.env['PATH'], DATA_DIR: house.keymux.dataDir },
  });

it('changes the encryption key as often as one likes, and removes the one before each time', async () => {
  const { keymux } = house;
  const file = (name: string): string => join(keymux.dataDir, name);
  const { url, name, secrets } = await addServing(house, { channel: 'openai' }, 2);
  const keys = new Set([readFileSync(file('encryption.key'), 'utf8')]);
  for (let round = 1; round <= 2; round += 1) {
    await reencrypt();
    await keymux.stop();
    await keymux.start();
    keys.add(readFileSync(file('encryption.key'), 'utf8'));
    await expect
      .poll(() => existsSync(file('encryption.key.previous')), { timeout: 50_000 })
      .toBe(false);
    await expect
      .poll(async () => (await fetch(keymux.metricsUrl)).text())
      .not.toMatch(/^keymux_previous_encryption_key_needed(?:\{[^}]*\})? 1$/m);
    await untilServing(house, url, 'openai', secrets);
  }
  expect(keys.size).toBe(3);
  await keymux.stop();
  await keymux.start();
  await untilServing(house, url, 'openai', secrets);
  const exported = await keymux.api.request('GET', `/api/groups/${name}/keys/export`);
  expect(exported.text.trim().split('\n').toSorted()).toEqual([...secrets].toSorted());
});
