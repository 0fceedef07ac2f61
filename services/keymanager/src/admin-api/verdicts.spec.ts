import type { VerdictView } from '@keymux/contracts';
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

async function verdicts(
  query: string,
): Promise<{ items: VerdictView[]; next_cursor: string | null }> {
  const answer = await run.request('GET', `/api/verdicts${query}`);
  expect(answer.status, answer.text).toBe(200);
  return Object(answer.body);
}

async function poolOf(count: number): Promise<{ name: string; ids: string[] }> {
  const name = run.newGroup();
  await run.importKeys(name, secretsOf(name, count));
  return { name, ids: (await run.list(name)).items.map(({ id }) => id) };
}

describe('verdicts', () => {
  it('say in a sentence what was decided on which key, by what request, newest first', async () => {
    const { name, ids } = await poolOf(3);
    const [a = '', b = '', c = ''] = ids;
    const until = new Date(Date.now() + 60_000).toISOString();
    const model = 'gpt-4o';
    const resting = {
      verdict: 'cooldown',
      rule: 'rate_limited',
      status: 429,
      until,
      model,
    } as const;
    const first = new Date(Date.now() - 10).toISOString();
    const last = new Date().toISOString();
    const unlike = { rule: 'bad_key', status: 401, message: 'no', at: last };
    await run.publishOutcomes(name, [failure(a)]);
    await run.publishOutcomes(name, [failure(b, { ...resting, request_id: 'r2' })]);
    await run.publishOutcomes(name, [failure(c, { ...unlike, verdict: 'count' })]);
    await run.publishOutcomes(name, [
      {
        kind: 'guard',
        at: last,
        since: first,
        upstream: 'https://u',
        rule: 'bad_key',
        status: 401,
        key_ids: [c],
      },
    ]);
    run.probe = async () => ({ ok: true });
    await run.request('POST', `/api/keys/${a}/validate?apply=true`);
    const { items, next_cursor } = await verdicts(`?group=${name}`);
    expect(next_cursor).toBeNull();
    const of = { group: name, masked: expect.stringContaining('…') };
    expect(items).toMatchObject([
      {
        ...of,
        kind: 'returned',
        key_id: a,
        why: expect.stringMatching(/^Restored at .+: A probe passed\.$/),
        rule: null,
        request_id: null,
      },
      {
        ...of,
        kind: 'guard',
        key_id: c,
        why: expect.stringContaining('the address or the upstream is to blame, not the key'),
        rule: 'bad_key',
        upstream: 'https://u',
      },
      {
        ...of,
        kind: 'cooled',
        key_id: b,
        why: `Cooling down for gpt-4o until ${until}: 429 from https://u “no money” (rule rate_limited, request r2).`,
        status: 429,
        model,
        until,
        request_id: 'r2',
      },
      {
        ...of,
        kind: 'blacklisted',
        key_id: a,
        why: 'Blacklisted at once: 402 from https://u “no money” (rule billing, request r1).',
        status: 402,
        until: null,
        request_id: 'r1',
      },
    ]);
    expect(JSON.stringify(items)).not.toMatch(/sealed|fingerprint/);
    // It is the sentence that the key itself had at that time.
    const at = items[2]?.time ?? '';
    const then = await run.request('GET', `/api/keys/${b}/state?at=${at}`);
    expect(then.body).toMatchObject({ why: items[2]?.why });
  });

  it('go page by page, of a group and of a kind, and new ones move no page', async () => {
    const { name, ids } = await poolOf(5);
    await run.publishOutcomes(
      name,
      ids.map((id) => failure(id)),
    );
    const first = await verdicts(`?group=${name}&kind=blacklisted&limit=2`);
    expect(first.items.map((each) => each.key_id)).toEqual([ids[4], ids[3]]);
    run.probe = async () => ({ ok: true });
    await run.request('POST', `/api/keys/${ids[4]}/validate?apply=true`);
    const next = (cursor: string | null, limit: number) =>
      verdicts(`?group=${name}&limit=${limit}&cursor=${cursor}`);
    const second = await next(first.next_cursor, 2);
    expect(second.items.map((each) => each.key_id)).toEqual([ids[2], ids[1]]);
    const third = await next(second.next_cursor, 1);
    expect(third.items.map((each) => each.key_id)).toEqual([ids[0]]);
    expect(third.next_cursor).toBeNull();
    expect((await verdicts(`?group=${name}&kind=returned`)).items).toHaveLength(1);
    expect((await verdicts('?limit=1')).items).toMatchObject([{ kind: 'returned', group: name }]);
    expect(await verdicts('?group=nowhere')).toEqual({ items: [], next_cursor: null });
  });

  it('do not tell of what a person did: that is in the audit', async () => {
    const { name, ids } = await poolOf(2);
    await run.publishOutcomes(
      name,
      ids.map((id) => failure(id)),
    );
    await run.act(name, { action: 'restore', ids });
    const kinds = (await verdicts(`?group=${name}`)).items.map(({ kind }) => kind);
    expect(kinds).toEqual(['blacklisted', 'blacklisted']);
  });

  it.each([
    ['?kind=forgiven', 'kind'],
    ['?kind=', 'kind'],
    ['?kind=cooled&kind=returned', 'kind'],
    ['?group=', 'group'],
    ['?group=A%20B', 'group'],
    [`?group=${'g'.repeat(101)}`, 'group'],
    ['?limit=0', 'limit'],
    ['?limit=1001', 'limit'],
    ['?limit=many', 'limit'],
    ['?cursor=', 'cursor'],
    ['?cursor=x', 'cursor'],
    [`?cursor=${Buffer.from('["history",1]').toString('base64url')}`, 'cursor'],
    [`?cursor=${Buffer.from('["verdicts",1.5]').toString('base64url')}`, 'cursor'],
    [`?cursor=${'a'.repeat(501)}`, 'cursor'],
    ['?groups=main', 'groups'],
  ])('refuse %s', async (query, field) => {
    const answer = await run.request('GET', `/api/verdicts${query}`);
    expect(answer.status, answer.text).toBe(422);
    expect(answer.body).toMatchObject({ errors: [{ field }] });
  });

  it('are for admins', async () => {
    const headers = { authorization: 'Bearer wrong' };
    const answer = await run.request('GET', '/api/verdicts', undefined, { headers });
    expect(answer.status).toBe(401);
    expect((await run.request('POST', '/api/verdicts')).status).toBe(405);
  });
});
