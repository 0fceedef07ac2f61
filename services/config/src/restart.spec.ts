import { readFileSync } from 'node:fs';
import { GatewayGroupSchema, SystemSettingsSchema } from '@keymux/contracts';
import { StartProblem } from '@keymux/service';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type House, newGroup, openHouse } from '../test/house.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const SnapshotSchema = Type.Object({
  revision: Type.Integer(),
  settings: SystemSettingsSchema,
  groups: Type.Array(GatewayGroupSchema),
});
const snapshot = async () =>
  Value.Parse(SnapshotSchema, await house.calls.call('config.snapshot', {}));

async function aHistory(): Promise<void> {
  const proxy_url = 'socks5://proxy-user:proxy-password@10.0.0.1:1080';
  await house.ask('POST', '/api/groups', newGroup('b', { proxy_keys: ['pk-of-the-group'] }));
  await house.ask('POST', '/api/groups', newGroup('a', { config: { proxy_url } }));
  await house.ask('POST', '/api/groups', newGroup('gone'));
  await house.ask('POST', '/api/groups', {
    name: 'all',
    type: 'aggregate',
    channel: 'openai',
    members: [
      { group: 'a', weight: 1 },
      { group: 'b', weight: 2 },
    ],
  });
  await house.ask('PATCH', '/api/groups/b', { description: 'changed', proxy_keys: ['pk-another'] });
  await house.ask('PATCH', '/api/settings', { max_retries: 1, proxy_url });
  await house.ask('DELETE', '/api/groups/gone');
  await house.ask('PUT', '/api/groups/order', { names: ['all', 'b'] });
}

describe('after a restart', () => {
  it('everything is as it was, folded from the events', async () => {
    await aHistory();
    const paths = ['/api/groups', '/api/settings', '/api/config/revisions', '/api/groups/b'];
    // The house has another port after a restart, and endpoints stand where they are asked for.
    const asked = { 'x-forwarded-host': 'keys.example' };
    const answer = async (path: string) => (await house.ask('GET', path, undefined, asked)).json;
    const all = () => Promise.all(paths.map(answer));
    const before = { answers: await all(), snapshot: await snapshot() };
    await house.restart();
    expect({ answers: await all(), snapshot: await snapshot() }).toEqual(before);
    expect(house.heard).toEqual([]);
    await house.ask('PATCH', '/api/groups/a', { enabled: false });
    expect(house.heard).toMatchObject([{ revision: before.snapshot.revision + 1 }]);
  });

  it('under another encryption key it says so instead of starting', async () => {
    await aHistory();
    const restarted = house.restart({ encryptionKey: 'another' }).catch((error: unknown) => error);
    expect(await restarted).toBeInstanceOf(StartProblem);
    expect(String(await restarted)).toContain('ENCRYPTION_KEY');
    await house.restart();
    expect((await snapshot()).groups).toHaveLength(3);
  });
});

describe('who follows CONFIG', () => {
  it('has after every change what a snapshot would give', async () => {
    const known = await snapshot();
    const groups = new Map(known.groups.map((group) => [group.name, group]));
    await aHistory();
    let { settings, revision } = known;
    for (const change of house.heard.filter((each) => each.revision > known.revision)) {
      expect(change.revision === revision || change.revision === revision + 1).toBe(true);
      revision = change.revision;
      if (change.kind === 'group') groups.set(change.group.name, change.group);
      if (change.kind === 'group-deleted') groups.delete(change.name);
      if (change.kind === 'settings') settings = change.settings;
    }
    const now = await snapshot();
    expect(settings).toEqual(now.settings);
    expect(revision).toBe(now.revision);
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    expect([...groups.values()].toSorted(byName)).toEqual(now.groups.toSorted(byName));
  });

  it('gets an outbound proxy with its password, which it needs to connect', async () => {
    await aHistory();
    const { groups, settings } = await snapshot();
    const proxy_url = 'socks5://proxy-user:proxy-password@10.0.0.1:1080';
    expect(groups.find(({ name }) => name === 'a')?.config).toEqual({ proxy_url });
    expect(settings.values).toMatchObject({ proxy_url });
  });
});

describe('secrets', () => {
  it('are in no file, no log line and no list of changes', async () => {
    await aHistory();
    const secrets = [
      house.config.newProxyKey ?? 'none was made',
      'pk-of-the-group',
      'pk-another',
      'proxy-password',
    ];
    const revisions = await house.ask('GET', '/api/config/revisions');
    const events = JSON.stringify(await house.store.readAll(0, 1_000));
    const files = ['', '-wal'].map((end) => readFileSync(house.databasePath + end, 'latin1'));
    for (const text of [revisions.text, events, house.lines.join('\n'), ...files]) {
      for (const secret of secrets) expect(text.includes(secret), secret).toBe(false);
    }
  });
});

describe('two writers on one store', () => {
  it('make revisions without gaps, each deciding on what the other did', async () => {
    const event = {
      id: 'of-another-writer',
      type: 'SettingsChanged',
      time: '2026-01-01T00:00:00.000Z',
      actor: 'key',
      data: { revision: 2, values: { max_retries: 9 }, diff: [] },
    };
    await house.store.append([{ stream: 'config', expectedVersion: 1, events: [event] }]);
    const changed = await house.ask('PATCH', '/api/settings', { connect_timeout: 5 });
    expect(changed.json).toMatchObject({ revision: 3 });
    expect((await snapshot()).settings.values).toMatchObject({
      max_retries: 9,
      connect_timeout: 5,
    });
  });
});
