import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TaskSchema } from '@keymux/contracts';
import { createVault } from '@keymux/vault';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  failure,
  type RunningKeymanager,
  secretsOf,
  startKeymanager,
} from './running-keymanager.fixture.ts';

let run: RunningKeymanager;
beforeAll(async () => {
  run = await startKeymanager();
});
afterAll(async () => {
  await run.close();
});

describe('groups', () => {
  it('copies keys as a task', async () => {
    const [from, to] = [run.newGroup(), run.newGroup()];
    await run.importKeys(from, secretsOf(from, 5));
    const [key] = (await run.list(from)).items;
    await run.request('PATCH', `/api/keys/${key?.id}`, { note: 'mine' });
    await run.publishOutcomes(from, [failure((await run.list(from)).items[1]?.id ?? '')]);
    const copy = async (keys: string) => {
      const reply = await run.calls.call('keys.copy', { from, to, keys, actor: 'key' });
      return run.ended(Value.Parse(Type.Object({ task_id: Type.String() }), reply).task_id);
    };
    expect(await copy('active')).toMatchObject({ state: 'done', result: { added: 4 } });
    expect((await copy('all')).result).toMatchObject({ added: 1, duplicates: 4 });
    const { items } = await run.list(to);
    expect(items.map((each) => each.status)).toEqual(Array.from({ length: 5 }, () => 'active'));
    expect(items[0]).toMatchObject({ note: 'mine', version: 2 });
  });

  it('loses its keys when it is deleted; a new one of the name has none of them', async () => {
    const name = run.newGroup();
    const secrets = secretsOf(name, 2500);
    await run.importKeys(name, secrets);
    const [key] = (await run.list(name)).items;
    const revision = run.told.filter((message) => message.group === name).length;
    run.deleteGroup(name);
    expect((await run.request('GET', `/api/groups/${name}/keys`)).status).toBe(404);
    expect((await run.request('GET', `/api/keys/${key?.id}`)).status).toBe(404);
    run.addGroup(name);
    expect((await run.list(name)).total).toBe(0);
    expect((await run.importKeys(name, secrets.slice(0, 2))).result).toMatchObject({ added: 2 });
    const pool = await run.calls.call('keys.pool', { group: name, after: null, limit: 10 });
    expect(pool).toMatchObject({ pool_revision: expect.any(Number), keys: [{}, {}], next: null });
    expect(Number(Object.values(Object(pool))[0])).toBeGreaterThan(revision);
    const tasks = await run.request('GET', '/api/tasks?limit=1000');
    const { items } = Value.Parse(Type.Object({ items: Type.Array(TaskSchema) }), tasks.body);
    const deletion = items.find((task) => task.group === name && task.kind === 'delete');
    expect(await run.ended(deletion?.id ?? '')).toMatchObject({
      state: 'done',
      result: { changed: 2500 },
    });
    expect((await run.list(name)).total).toBe(2);
  });

  it('answers for due keys and for one to try', async () => {
    const name = run.newGroup();
    expect(await run.calls.call('keys.pick', { group: name })).toEqual({ key: null });
    await run.importKeys(name, secretsOf(name, 2));
    const [a, b] = (await run.list(name)).items.map((key) => key.id);
    await run.publishOutcomes(name, [failure(a)]);
    expect(await run.calls.call('keys.pick', { group: name })).toMatchObject({ key: { id: b } });
    const due = (before_ms: number) =>
      run.calls.call('keys.due', { group: name, before_ms, limit: 10 });
    expect(await due(Date.now() + 1000)).toMatchObject({ keys: [{ id: a }] });
    expect(await due(Date.now() - 60_000)).toEqual({ keys: [] });
    await expect(run.calls.call('keys.due', { group: name })).rejects.toThrow('unreadable');
  });
});

describe('live events', () => {
  it('tell of keys, config and tasks, without secrets, until the session ends', async () => {
    const session = run.auth.issueSession();
    const cookie = session.cookie.split(';')[0] ?? '';
    const response = await fetch(`${run.url}/api/events`, { headers: { cookie } });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    let heard = '';
    const reading = (async () => {
      for await (const chunk of response.body ?? []) heard += Buffer.from(chunk).toString();
    })();
    const name = run.newGroup();
    await run.importKeys(name, secretsOf(name, 2));
    await expect.poll(() => heard).toContain('"state":"done"');
    expect(heard).toContain(`event: config\ndata: {"kind":"group"`);
    expect(heard).toMatch(/event: key\ndata: \{"group":"g\d+","pool_revision":1,"count":2/);
    expect(heard).not.toContain('v1.');
    const change = {
      kind: 'session-revoked',
      revision: 0,
      session: session.id,
      until_ms: Date.now() + 1000,
    };
    await run.bus.publish('CONFIG', {
      id: 'x',
      type: 'keymux.config.changed',
      version: 1,
      time: new Date().toISOString(),
      source: 'test',
      subject: 'config.session-revoked',
      data: change,
    });
    await reading;
  });
});

it('seals everything anew under another encryption key, while it runs', async () => {
  const first = await startKeymanager({ encryptionKey: 'old' });
  first.addGroup('g');
  const secrets = secretsOf('reseal', 1300);
  await first.importKeys('g', secrets);
  await first.stop();
  const second = await startKeymanager({
    on: first.dataDir,
    encryptionKey: 'new',
    previousKey: 'old',
  });
  // The same secret is known by its old fingerprint until it is sealed anew.
  expect((await second.importKeys('g', secrets.slice(0, 3))).result).toMatchObject({ added: 0 });
  const sealedByOld = () => readFileSync(join(first.dataDir, 'keymux.db')).includes(oldPrefix);
  const oldPrefix = createVault('old').seal('').slice(0, 12);
  expect(sealedByOld()).toBe(true);
  expect(await second.keymanager.reseal('key')).toMatchObject({
    state: 'done',
    result: { resealed: 1300, events: 1300 },
  });
  expect(await second.keymanager.reseal('key')).toMatchObject({
    result: { resealed: 0, events: 0 },
  });
  await second.stop();
  expect(sealedByOld()).toBe(false);
  const third = await startKeymanager({ on: first.dataDir, encryptionKey: 'new' });
  try {
    const exported = await third.request('GET', '/api/groups/g/keys/export');
    expect(exported.text).toBe(`${secrets.join('\n')}\n`);
    expect((await third.importKeys('g', secrets.slice(0, 3))).result).toMatchObject({ added: 0 });
  } finally {
    await third.close();
  }
});

it('logs nothing that heals itself as an error', () => {
  expect(run.lines.filter((line) => line.includes('"level":50'))).toHaveLength(0);
});
