import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  failure,
  type RunningKeymanager,
  secretsOf,
  startKeymanager,
} from '../running-keymanager.fixture.ts';

let run: RunningKeymanager;
beforeAll(async () => {
  run = await startKeymanager();
});
afterAll(async () => {
  await run.close();
});

/** A moment that nothing else happens in. */
async function between(): Promise<string> {
  await sleep(5);
  const now = new Date().toISOString();
  await sleep(5);
  return now;
}

const get = (path: string) => run.request('GET', path);

describe('the past', () => {
  it('of a key is told at every moment of its life', async () => {
    const before = await between();
    const name = run.newGroup();
    await run.importKeys(name, secretsOf(name, 1));
    const id = (await run.list(name)).items[0]?.id ?? '';
    const imported = await between();
    await run.request('PATCH', `/api/keys/${id}`, { note: 'spare', enabled: false });
    const disabled = await between();
    await run.request('DELETE', `/api/keys/${id}`);
    const deleted = await between();
    const at = (time: string) => get(`/api/keys/${id}/state?at=${encodeURIComponent(time)}`);
    expect((await at(before)).status).toBe(404);
    const first = await at(imported);
    expect(first.body).toEqual({
      id,
      group: name,
      masked: expect.stringContaining('…'),
      status: 'active',
      why: 'Active: no failure counts against it.',
      note: '',
      streak: 0,
      cooldowns: [],
      version: 1,
      at: imported,
    });
    expect(first.text).not.toMatch(/sealed|fingerprint/);
    expect((await at(disabled)).body).toMatchObject({ status: 'disabled', note: 'spare' });
    expect((await at(deleted)).status).toBe(404);
    expect((await get(`/api/keys/nobody/state?at=${deleted}`)).status).toBe(404);
  });

  it('of a pool counts and pages the keys that it had, those deleted since too', async () => {
    const before = await between();
    const name = run.newGroup();
    await run.importKeys(name, secretsOf(name, 5));
    const ids = (await run.list(name)).items.map((key) => key.id);
    const [a = '', b = '', c = ''] = ids;
    const until = new Date(Date.now() + 60_000).toISOString();
    await run.publishOutcomes(name, [
      failure(a),
      failure(b, { verdict: 'cooldown', rule: 'rate_limited', status: 429, until }),
    ]);
    await run.request('PATCH', `/api/keys/${c}`, { enabled: false });
    const then = await between();
    await run.act(name, { action: 'delete', ids: [a, b, c] });
    const path = `/api/groups/${name}/pool`;
    const first = await get(`${path}?at=${then}&limit=3`);
    expect(first.text).not.toMatch(/sealed|fingerprint/);
    const masked = expect.stringContaining('…');
    expect(first.body).toEqual({
      at: then,
      counts: { active: 2, cooling: 1, blacklisted: 1, disabled: 1 },
      items: [
        { id: a, masked, status: 'blacklisted' },
        { id: b, masked, status: 'cooling' },
        { id: c, masked, status: 'disabled' },
      ],
      next_cursor: expect.any(String),
      total: 5,
    });
    const cursor = String(Reflect.get(Object(first.body), 'next_cursor'));
    expect((await get(`${path}?at=${then}&limit=3&cursor=${cursor}`)).body).toMatchObject({
      items: ids.slice(3).map((id) => ({ id, status: 'active' })),
      next_cursor: null,
      total: 5,
    });
    expect((await get(`${path}?at=${await between()}`)).body).toMatchObject({
      counts: { active: 2, cooling: 0, blacklisted: 0, disabled: 0 },
      total: 2,
    });
    expect((await get(`${path}?at=${before}`)).body).toMatchObject({ items: [], total: 0 });
    expect((await get(`${path}?at=${then}&cursor=x`)).status).toBe(422);
    expect((await get(`/api/groups/nowhere/pool?at=${then}`)).status).toBe(404);
  });

  it('of a group ends with the group', async () => {
    const name = run.newGroup();
    await run.importKeys(name, secretsOf(name, 2));
    const first = await between();
    run.deleteGroup(name);
    await expect.poll(() => run.calls.call('keys.counts', {})).not.toHaveProperty(['groups', name]);
    const gone = await between();
    run.addGroup(name);
    const total = async (at: string) => (await get(`/api/groups/${name}/pool?at=${at}`)).body;
    await expect.poll(() => total(first)).toMatchObject({ total: 2 });
    expect(await total(gone)).toMatchObject({ total: 0 });
  });

  it('is asked for with a time that was', async () => {
    const name = run.newGroup();
    await run.importKeys(name, secretsOf(name, 1));
    const id = (await run.list(name)).items[0]?.id ?? '';
    const future = new Date(Date.now() + 3_600_000).toISOString();
    for (const path of [`/api/keys/${id}/state`, `/api/groups/${name}/pool`]) {
      for (const query of ['', '?at=', '?at=yesterday', '?at=17', `?at=${future}`]) {
        const answer = await get(`${path}${query}`);
        expect(answer.status, query).toBe(422);
        expect(answer.body).toMatchObject({ errors: [{ field: 'at' }] });
      }
    }
    const aggregate = run.newGroup({ type: 'aggregate' });
    const now = new Date().toISOString();
    await expect
      .poll(async () => (await get(`/api/groups/${aggregate}/pool?at=${now}`)).status)
      .toBe(409);
  });
});
