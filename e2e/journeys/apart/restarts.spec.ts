import { keymanagerOperations } from '@keymux/contracts';
import { createVault } from '@keymux/vault';
import { BSON, MongoClient } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { ask } from '../../clients/ask.ts';
import { useApart } from '../../product/distributed/use-apart.ts';
import { at, groupName, secretsFor } from '../../product/house.ts';

const house = useApart();
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 120_000, interval: 20 });

/** Ends services one after the other and starts each with these variables. */
async function restart(names: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  for (const name of names) {
    const child = house.apart.child(name);
    await child.kill('SIGTERM');
    child.restart(env);
    await child.ready();
  }
}

/** How many documents of the database hold something that this key sealed. */
async function sealedBy(encryptionKey: string): Promise<number> {
  const prefix = createVault(encryptionKey).seal('').slice(0, 12);
  const client = await MongoClient.connect(house.apart.servers.env['MONGODB_URL'] ?? '');
  try {
    let found = 0;
    for (const collection of await client.db().collections()) {
      for await (const document of collection.find()) {
        const text = Buffer.from(BSON.serialize(document)).toString('latin1');
        if (text.includes(prefix)) found += 1;
      }
    }
    return found;
  } finally {
    await client.close();
  }
}

describe('a session that ended', () => {
  it('stays ended at services that start later', async () => {
    const { url } = house.apart.gateways[0] ?? { url: '' };
    const group = groupName('signed-out');
    await house.apart.api.addGroup({
      name: group,
      channel: 'openai',
      upstreams: at(house.simulator),
    });
    const login = await house.apart.api.request('POST', '/api/auth/login', {
      body: { auth_key: 'admin-e2e-0123456789abcdef0123456789abcdef' },
    });
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
    const statusOf = async (method: string, path: string) =>
      (await fetch(url + path, { method, headers: { cookie } })).status;
    const keys = `/api/groups/${group}/keys`;
    await eventually(() => statusOf('GET', keys)).toBe(200);
    expect(await statusOf('POST', '/api/auth/logout')).toBe(204);
    await restart(['config-1', 'keymanager-1', 'keymanager-2', 'logsink-1']);
    expect(await statusOf('GET', '/api/groups')).toBe(401);
    await eventually(() => statusOf('GET', keys)).toBe(401);
    await eventually(() => statusOf('GET', '/api/logs')).toBe(401);
  });
});

describe('ENCRYPTION_KEY_PREVIOUS', () => {
  it('lets services change the encryption key one after the other while requests go on', async () => {
    const [old, next] = ['encryption-e2e-0123456789abcdef01234567', 'encryption-e2e-the-next-one'];
    const [groupKey, name] = ['pk-of-the-group-0123456789', groupName('sealed')];
    const secrets = secretsFor(name, 2_000);
    await house.apart.api.addGroup({
      name,
      channel: 'openai',
      upstreams: at(house.simulator),
      proxy_keys: [groupKey],
    });
    await house.apart.api.importKeys(name, secrets);
    const served = async () => {
      const statuses = [];
      for (const gateway of house.apart.gateways) {
        for (const proxyKey of [groupKey, house.apart.proxyKey]) {
          const { status } = await ask(`${gateway.url}/proxy/${name}`, 'openai', proxyKey);
          statuses.push(status);
        }
      }
      return statuses;
    };
    await eventually(served).toEqual([200, 200, 200, 200]);
    expect(await sealedBy(old)).toBeGreaterThan(2_000);

    const both = { ENCRYPTION_KEY: next, ENCRYPTION_KEY_PREVIOUS: old };
    const opening = ['gateway-1', 'gateway-2', 'validator-1', 'validator-2'];
    const sealing = ['config-1', 'keymanager-1', 'keymanager-2'];
    await restart(opening, both);
    await eventually(served).toEqual([200, 200, 200, 200]);
    await restart(sealing, both);
    await eventually(served).toEqual([200, 200, 200, 200]);
    for (const service of ['config', 'keymanager']) {
      const said = `ENCRYPTION_KEY_PREVIOUS: ${service} needs it no more`;
      await eventually(() => house.apart.logs()).toContain(said);
    }
    expect(await sealedBy(old)).toBe(0);
    expect(await sealedBy(next)).toBeGreaterThan(2_000);

    await restart([...sealing, ...opening], { ENCRYPTION_KEY: next });
    await eventually(served).toEqual([200, 200, 200, 200]);
    const exported = await house.apart.api.call(keymanagerOperations.exportKeys, {
      params: { name },
    });
    expect(exported.trim().split('\n').toSorted()).toEqual(secrets);
    expect(house.apart.logs()).not.toMatch(/\bERROR\b/);
  });
});
