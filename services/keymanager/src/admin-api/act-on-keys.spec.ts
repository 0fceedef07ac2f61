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

describe('bulk actions', { timeout: 60_000 }, () => {
  it('need to say which keys', async () => {
    const name = run.newGroup();
    const send = (body: object) => run.request('POST', `/api/groups/${name}/keys/actions`, body);
    for (const body of [
      { action: 'delete' },
      { action: 'explode', status: 'active' },
      { action: 'restore', where: { since: 'yesterday' } },
      { action: 'restore', status: 'active', restore_passing: true },
      { action: 'restore', ids: [] },
      { action: 'restore', ids: Array.from({ length: 100_001 }, () => 'x') },
      { action: 'restore', status: 'active', x: 1 },
    ]) {
      expect((await send(body)).status, JSON.stringify(body).slice(0, 80)).toBe(422);
    }
    const huge = {
      action: 'restore',
      keys: Array.from({ length: 40_000 }, () => 'x'.repeat(1000)),
    };
    expect((await send(huge)).status).toBe(413);
  });

  it('select by secret, state, and cause, all together', async () => {
    const name = run.newGroup();
    const secrets = secretsOf(name, 6);
    await run.importKeys(name, secrets);
    const ids = (await run.list(name)).items.map((key) => key.id);
    const before = new Date(Date.now() - 60_000).toISOString();
    await run.publishOutcomes(name, [
      failure(ids[0]),
      failure(ids[1], { rule: 'suspended' }),
      failure(ids[2], { at: before }),
    ]);
    const since = new Date(Date.now() - 30_000).toISOString();
    const rule = await run.act(name, { action: 'restore', where: { rule: 'billing', since } });
    expect(rule).toMatchObject({ total: 1, processed: 1, result: { changed: 1 } });
    expect((await run.list(name, '?status=blacklisted')).items.map((key) => key.id)).toEqual(
      ids.slice(1, 3),
    );
    const off = await run.act(name, {
      action: 'disable',
      keys: [...secrets.slice(3, 5), 'sk-none'],
    });
    expect(off).toMatchObject({ processed: 3, total: 3, result: { changed: 2, not_found: 1 } });
    const both = { action: 'delete', ids: ids.slice(3), status: 'disabled' };
    expect((await run.act(name, both)).result).toMatchObject({ changed: 2, not_found: 1 });
    expect(
      (await run.act(name, { action: 'delete', keys: secrets.slice(3, 4), ids })).result,
    ).toMatchObject({
      not_found: 1,
      changed: 0,
    });
    expect((await run.list(name)).total).toBe(4);
    const last = secrets[5] ?? '';
    const q = await run.act(name, { action: 'disable', where: { q: last.slice(-6) } });
    expect(q.result).toMatchObject({ changed: 1 });
  });

  it('are for every key when `where` has no condition', async () => {
    const name = run.newGroup();
    await run.importKeys(name, secretsOf(name, 7));
    const all = await run.act(name, { action: 'disable', where: {} });
    expect(all).toMatchObject({ total: 7, processed: 7, result: { changed: 7 } });
  });

  it('go through thousands of keys and tell gateways without a gap', async () => {
    const name = run.newGroup();
    await run.importKeys(name, secretsOf(name, 2500));
    expect((await run.act(name, { action: 'disable', status: 'active' })).result).toMatchObject({
      changed: 2500,
    });
    expect((await run.act(name, { action: 'enable', status: 'disabled' })).processed).toBe(2500);
    expect((await run.act(name, { action: 'delete', status: 'active' })).processed).toBe(2500);
    const told = run.told.filter((message) => message.group === name);
    expect(told.map((message) => message.pool_revision)).toEqual(told.map((_, n) => n + 1));
    const pool = await run.calls.call('keys.pool', { group: name, after: null, limit: 10 });
    expect(pool).toEqual({ pool_revision: told.length, keys: [], next: null });
  });
});

describe('validating', () => {
  it('reports one key, records the probe, and restores only when asked to', async () => {
    const name = run.newGroup();
    await run.importKeys(name, secretsOf(name, 1));
    const [key] = (await run.list(name)).items;
    const path = `/api/keys/${key?.id}/validate`;
    await run.publishOutcomes(name, [failure(key?.id)]);
    run.probe = () => Promise.resolve({ ok: true });
    expect(await run.request('POST', path)).toMatchObject({ status: 200, body: { ok: true } });
    expect((await run.list(name)).items[0]?.status).toBe('blacklisted');
    await run.request('POST', `${path}?apply=true`);
    expect((await run.list(name)).items[0]?.status).toBe('active');
    run.probe = () => Promise.reject(new Error('broken'));
    expect((await run.request('POST', path)).status).toBe(503);
  });

  it('goes through a selection at the concurrency of the group', async () => {
    const name = run.newGroup({ config: { key_validation_concurrency: 3 } });
    const secrets = secretsOf(name, 20);
    await run.importKeys(name, secrets);
    const { items } = await run.list(name);
    await run.publishOutcomes(
      name,
      items.map((key) => failure(key.id)),
    );
    let now = 0;
    let most = 0;
    run.probe = async (_id, secret) => {
      most = Math.max(most, (now += 1));
      await new Promise((resolve) => setTimeout(resolve, 2));
      now -= 1;
      const ok = secrets.indexOf(secret) % 2 === 0;
      return { ok, status: ok ? 200 : 401 };
    };
    const task = await run.act(name, {
      action: 'validate',
      status: 'blacklisted',
      restore_passing: true,
    });
    expect(task).toMatchObject({
      state: 'done',
      processed: 20,
      result: { passed: 10, failed: 10, restored: 10, unanswered: 0 },
    });
    expect(most).toBe(3);
    expect((await run.list(name, '?status=active')).total).toBe(10);
  });
});
