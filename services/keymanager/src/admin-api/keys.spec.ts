import {
  EventViewSchema,
  keymanagerOperations,
  type KeyView,
  messageTypes,
  type Operation,
  subjects,
} from '@keymux/contracts';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  failure,
  type RunningKeymanager,
  secretsOf,
  startKeymanager,
} from '../running-keymanager.fixture.ts';

const operations: Readonly<Record<string, Operation>> = keymanagerOperations;
let run: RunningKeymanager;
beforeAll(async () => {
  run = await startKeymanager();
});
afterAll(async () => {
  await run.close();
});

describe('lists of keys', () => {
  it('page stably in every order, with a total', async () => {
    const name = run.newGroup();
    const secrets = secretsOf(name, 25);
    await run.importKeys(name, secrets);
    const all = (await run.list(name, '?limit=1000')).items;
    const used = all.map((key, n) => ({
      kind: 'success',
      key_id: key.id,
      at: new Date(Date.now() - n * 1000).toISOString(),
      count: (n % 3) + 1,
      request_id: 'r',
    }));
    await run.publishOutcomes(name, used);
    for (const sort of [
      'created_at',
      '-created_at',
      'requests',
      '-requests',
      '-last_used_at',
      'failures',
    ]) {
      const seen: KeyView[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page = await run.list(name, `?limit=4&sort=${sort}${cursor && `&cursor=${cursor}`}`);
        expect(page.total).toBe(25);
        seen.push(...page.items);
        cursor = page.next;
      }
      expect(new Set(seen.map((key) => key.id)).size).toBe(25);
      if (sort === 'created_at')
        expect(seen.map((key) => key.id)).toEqual(all.map((key) => key.id));
      if (sort === '-requests') expect(seen[0]?.requests).toBe(3);
      if (sort === '-last_used_at') expect(seen[0]?.id).toBe(all[0]?.id);
    }
    expect((await run.request('GET', `/api/groups/${name}/keys?cursor=x`)).status).toBe(422);
    const { next } = await run.list(name, '?limit=4&sort=requests');
    expect((await run.request('GET', `/api/groups/${name}/keys?cursor=${next}`)).status).toBe(422);
    expect((await run.request('GET', `/api/groups/${name}/keys?sort=masked`)).status).toBe(422);
    expect((await run.request('GET', '/api/groups/nowhere/keys')).status).toBe(404);
  });

  it('find a key by all of it, its end, its mask, its id or its note', async () => {
    const name = run.newGroup();
    const [first = '', ...rest] = [...secretsOf(name, 3), 'short-key', 'middle-long-key'];
    await run.importKeys(name, [first, ...rest]);
    const { items } = await run.list(name);
    const key = items[0];
    await run.request('PATCH', `/api/keys/${key?.id}`, { note: 'Bought in May, 100%' });
    const find = async (q: string) =>
      (await run.list(name, `?q=${encodeURIComponent(q)}`)).items.map((each) => each.id);
    for (const q of [
      first,
      first.slice(-12),
      first.slice(-4),
      key?.id ?? '',
      'in may',
      '100%',
      ` ${first} `,
    ]) {
      expect(await find(q)).toContain(key?.id);
    }
    expect(await find(first.slice(-4))).toHaveLength(1);
    expect((await find(key?.masked ?? '')).length).toBeGreaterThan(0);
    expect(await find('-key')).toHaveLength(1);
    expect(await find('short-key')).toHaveLength(1);
    expect(await find('nothing like it')).toEqual([]);
    expect((await run.list(name, '?q=in%20may&status=blacklisted')).total).toBe(0);
  });

  it('filter by state at this moment', async () => {
    const name = run.newGroup();
    await run.importKeys(name, secretsOf(name, 4));
    const [a, b, c] = (await run.list(name)).items.map((key) => key.id);
    const until = new Date(Date.now() + 60_000).toISOString();
    await run.publishOutcomes(name, [
      failure(a),
      failure(b, {
        verdict: 'cooldown',
        rule: 'rate_limited',
        status: 429,
        until,
        model: 'm',
      }),
    ]);
    await run.request('PATCH', `/api/keys/${c}`, { enabled: false });
    for (const [status, id] of [
      ['blacklisted', a],
      ['cooling', b],
      ['disabled', c],
    ]) {
      const { items, total } = await run.list(name, `?status=${status}`);
      expect([total, items.map((key) => [key.id, key.status])]).toEqual([1, [[id, status]]]);
    }
    expect((await run.list(name, '?status=active')).total).toBe(1);
    const [cooling] = (await run.list(name, '?status=cooling')).items;
    expect(cooling).toMatchObject({ cooldowns: [{ model: 'm', until }], failures: 1, requests: 1 });
    const counts = await run.calls.call('keys.counts', {});
    expect(counts).toMatchObject({
      groups: { [name]: { active: 1, cooling: 1, blacklisted: 1, disabled: 1 } },
    });
    const text = await run.keymanager.registry.metrics();
    expect(text).toContain(`keymux_keys{group="${name}",state="cooling",service="keymanager"} 1`);
  });
});

describe('one key', () => {
  it('is shown masked with why it is what it is, noted, disabled and enabled', async () => {
    const name = run.newGroup();
    const [secret = ''] = secretsOf(name, 1);
    await run.importKeys(name, [secret]);
    const [key] = (await run.list(name)).items;
    const path = `/api/keys/${key?.id}`;
    await run.publishOutcomes(name, [failure(key?.id)]);
    expect(await run.request('GET', path)).toMatchObject({
      body: {
        status: 'blacklisted',
        why: 'Blacklisted at once: 402 from https://u “no money” (rule billing, request r1).',
        masked: expect.stringMatching(/^sk-g\d+.*…0000$/),
        version: 2,
      },
    });
    const changed = await run.request('PATCH', path, { note: 'n', enabled: false });
    expect(changed).toMatchObject({ status: 200, body: { note: 'n', status: 'disabled' } });
    expect((await run.request('PATCH', path, {})).body).toEqual(changed.body);
    const enabled = await run.request('PATCH', path, { enabled: true });
    expect(enabled.body).toMatchObject({ status: 'blacklisted' });
    const restored = await run.act(name, { action: 'restore', ids: [key?.id, 'unknown'] });
    expect(restored.result).toMatchObject({ changed: 1, not_found: 1 });
    const history = await run.request('GET', `${path}/history?limit=2`);
    const page = Type.Object({
      items: Type.Array(EventViewSchema),
      next_cursor: Type.Union([Type.String(), Type.Null()]),
      total: Type.Integer(),
    });
    const newest = Value.Parse(page, history.body);
    expect(newest.items.map((event) => [event.version, event.type, event.actor])).toEqual([
      [6, 'KeyRestored', 'key'],
      [5, 'KeyEnabled', 'key'],
    ]);
    expect(newest.total).toBe(6);
    const older = await run.request('GET', `${path}/history?cursor=${newest.next_cursor}`);
    const { items } = Value.Parse(page, older.body);
    expect(items.map((event) => event.type)).toEqual([
      'KeyDisabled',
      'KeyNoted',
      'KeyBlacklisted',
      'KeyImported',
    ]);
    expect(items[2]).toMatchObject({ request_id: 'r1', data: { rule: 'billing', status: 402 } });
    expect(older.text).not.toContain('sealed');
    expect(older.text).not.toContain('fingerprint');
    expect(older.text).not.toContain(secret);
  });

  it('is shown with what its provider still allows, the newest that any gateway told', async () => {
    const name = run.newGroup();
    await run.importKeys(name, secretsOf(name, 1));
    const id = (await run.list(name)).items[0]?.id ?? '';
    const nowMs = Date.now();
    const told = (model: string, remaining: number, agoMs: number) => ({
      model,
      at: new Date(nowMs - agoMs).toISOString(),
      requests: { remaining, limit: 60, reset: new Date(nowMs).toISOString() },
      tokens: null,
    });
    const tell = async (...keys: ReturnType<typeof told>[]) => {
      const data = { group: name, keys: keys.map((key) => ({ key_id: id, ...key })) };
      await run.bus.publish('KEY_HEADROOM', {
        id: `${name}-${keys.length}`,
        type: messageTypes.keyHeadroom,
        version: 1,
        time: new Date(nowMs).toISOString(),
        source: 'gateway',
        subject: subjects.keyHeadroom(name),
        data,
      });
    };
    const shown = async () => (await run.request('GET', `/api/keys/${id}`)).body;
    expect(await shown()).toMatchObject({ headroom: [] });
    await tell(told('a', 5, 1_000), told('b', 7, 1_000), told('old', 1, 4_000_000));
    await tell(told('a', 9, 2_000));
    expect(await shown()).toMatchObject({ headroom: [told('b', 7, 1_000), told('a', 5, 1_000)] });
    await tell(told('a', 4, 0));
    expect(await shown()).toMatchObject({ headroom: [told('a', 4, 0), told('b', 7, 1_000)] });
  });

  it('can be changed by one of two writers who know the same version', async () => {
    const name = run.newGroup();
    await run.importKeys(name, secretsOf(name, 1));
    const [key] = (await run.list(name)).items;
    const write = (note: string) =>
      run.request('PATCH', `/api/keys/${key?.id}`, { note }, { headers: { 'if-match': '"1"' } });
    const statuses = (await Promise.all([write('a'), write('b')])).map((answer) => answer.status);
    expect(statuses.toSorted()).toEqual([200, 409]);
  });

  it('is revealed and exported only with a trace', async () => {
    const name = run.newGroup();
    const secrets = secretsOf(name, 1200);
    await run.importKeys(name, secrets);
    const [key] = (await run.list(name)).items;
    const revealed = await run.request('POST', `/api/keys/${key?.id}/reveal`);
    expect(revealed.body).toEqual({ id: key?.id, secret: secrets[0] });
    expect(revealed.headers.get('cache-control')).toBe('no-store');
    await run.request('PATCH', `/api/keys/${key?.id}`, { enabled: false });
    const exported = await run.request('GET', `/api/groups/${name}/keys/export?status=active`);
    expect(exported.text).toBe(`${secrets.slice(1).join('\n')}\n`);
    expect(exported.headers.get('cache-control')).toBe('no-store');
    const [imports, first, second] = run.auditOf(name);
    expect(imports).toMatchObject({ type: 'KeysImported', data: { keys: 1200 } });
    expect(first).toMatchObject({ type: 'KeyRevealed', actor: 'key', data: { key_id: key?.id } });
    expect(second).toMatchObject({ type: 'KeysExported', data: { keys: 1199, status: 'active' } });
  });

  it('is unknown, wrong or closed to others where it should be', async () => {
    for (const [method, path] of [
      ['GET', '/api/keys/unknown'],
      ['PATCH', '/api/keys/unknown'],
      ['DELETE', '/api/keys/unknown'],
      ['POST', '/api/keys/unknown/reveal'],
      ['POST', '/api/keys/unknown/validate'],
      ['GET', '/api/keys/unknown/history'],
      ['GET', '/api/tasks/unknown'],
    ] as const) {
      const body = method === 'PATCH' ? { note: 'x' } : undefined;
      expect((await run.request(method, path, body)).status, path).toBe(404);
    }
    const name = run.newGroup();
    await run.importKeys(name, secretsOf(name, 1));
    const [key] = (await run.list(name)).items;
    for (const wrong of [{ note: 'x'.repeat(1001) }, { enabled: 'no' }, { secret: 'x' }, []]) {
      expect((await run.request('PATCH', `/api/keys/${key?.id}`, wrong)).status).toBe(422);
    }
    for (const { method, path } of Object.values(operations)) {
      const there = path.replace('{name}', name).replace('{id}', key?.id ?? '');
      const answer = await run.request(method, there, undefined, {
        headers: { authorization: 'Bearer wrong' },
      });
      expect(answer.status, there).toBe(401);
    }
  });
});
