import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createVault } from '@keymux/vault';
import { describe, expect, it } from 'vitest';
import { ask } from '../../clients/ask.ts';
import { addServing, at, secretsFor, untilServing, useHouse } from '../../product/house.ts';

const house = useHouse();
const command = fileURLToPath(
  new URL('../../../services/standalone/src/reencrypt.ts', import.meta.url),
);

/** Runs the command as a user does, against the data of the house; rejects when it fails. */
const reencrypt = (env: Record<string, string> = {}) =>
  promisify(execFile)(process.execPath, [command], {
    cwd: house.keymux.dataDir,
    env: { PATH: process.env['PATH'], DATA_DIR: house.keymux.dataDir, ...env },
  });

const readKey = (name: string): string =>
  readFileSync(join(house.keymux.dataDir, name), 'utf8').trim();
const previousFile = (): string => join(house.keymux.dataDir, 'encryption.key.previous');

/** How often something that this key sealed stands in the database. */
function sealedBy(encryptionKey: string): number {
  const prefix = createVault(encryptionKey).seal('').slice(0, 12);
  const { dataDir } = house.keymux;
  return ['keymux.db', 'keymux.db-wal']
    .map((name) => join(dataDir, name))
    .filter((file) => existsSync(file))
    .reduce((sum, file) => sum + readFileSync(file, 'latin1').split(prefix).length - 1, 0);
}

describe('re-encryption', () => {
  it('puts everything under a new key while requests go on, also when it is cut off', async () => {
    const { keymux, simulator } = house;
    const groupKey = 'pk-of-the-group-0123456789';
    const serving = await addServing(house, { channel: 'openai', proxy_keys: [groupKey] }, 2);
    const many = secretsFor('many', 20_000);
    await keymux.api.addGroup({ name: 'many', channel: 'openai', upstreams: at(simulator) });
    await keymux.api.importKeys('many', many);
    const old = readKey('encryption.key');

    const said = await reencrypt();
    expect(said.stdout).toContain('Restart Keymux');
    expect(said.stdout).not.toContain(old);
    await expect(reencrypt()).rejects.toThrow('is still in use');
    await keymux.stop();
    await keymux.start();
    await keymux.kill9();
    await keymux.start();
    await untilServing(house, serving.url, 'openai', serving.secrets);
    for (const proxyKey of [groupKey, keymux.proxyKey]) {
      expect((await ask(serving.url, 'openai', proxyKey)).status).toBe(200);
    }

    await expect.poll(() => existsSync(previousFile()), { timeout: 50_000 }).toBe(false);
    expect((await ask(serving.url, 'openai', groupKey)).status).toBe(200);
    await keymux.stop();
    expect(sealedBy(old)).toBe(0);
    expect(sealedBy(readKey('encryption.key'))).toBeGreaterThan(40_000);

    await keymux.start();
    const exported = await keymux.api.request('GET', '/api/groups/many/keys/export');
    expect(exported.text.trim().split('\n').toSorted()).toEqual(many);
    expect((await ask(serving.url, 'openai', groupKey)).status).toBe(200);
  });

  it('tells who sets ENCRYPTION_KEY what to do instead', async () => {
    await expect(reencrypt({ ENCRYPTION_KEY: 'mine' })).rejects.toThrow('ENCRYPTION_KEY_PREVIOUS');
  });

  it('has nothing to do without a key', async () => {
    await expect(reencrypt({ DATA_DIR: join(house.keymux.dataDir, 'nothing') })).rejects.toThrow(
      'DATA_DIR',
    );
  });
});
