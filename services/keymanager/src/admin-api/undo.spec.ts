import { KeyViewSchema, TaskSchema } from '@keymux/contracts';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
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
}, 60_000);
afterAll(() => run.close());

const window = { from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' };
const ListSchema = Type.Object({
  items: Type.Array(KeyViewSchema),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
  total: Type.Integer(),
});
const undo = (group: string, body: object, query = '') =>
  run.request('POST', `/api/groups/${group}/keys/undo${query}`, body);
const dry = async (group: string, body: object, query = '') => {
  const answer = await undo(group, body, `?dry_run=true${query}`);
  expect(answer.status, answer.text).toBe(200);
  return Value.Parse(ListSchema, answer.body);
};
const ended = async (answer: { status: number; text: string; body: unknown }) => {
  expect(answer.status, answer.text).toBe(202);
  return run.ended(Value.Parse(TaskSchema, answer.body).id);
};
const statuses = async (group: string) =>
  (await run.list(group, '?limit=1000')).items.map(({ status }) => status);

/** A group with a key that billing took, one that a 403 took, one that rests, and one that is well. */
async function harmed(): Promise<{ group: string; ids: string[] }> {
  const group = run.newGroup();
  await run.importKeys(group, secretsOf(group, 4));
  const ids = (await run.list(group)).items.map(({ id }) => id);
  const [a, b, c] = ids;
  const until = new Date(Date.now() + 3_600_000).toISOString();
  await run.publishOutcomes(group, [
    failure(a),
    failure(b, { rule: 'forbidden', status: 403, upstream: 'https://other' }),
    failure(c, { verdict: 'cooldown', rule: 'rate_limited', status: 429, model: 'm', until }),
  ]);
  await expect
    .poll(() => statuses(group), { timeout: 30_000 })
    .toEqual(['blacklisted', 'blacklisted', 'cooling', 'active']);
  return { group, ids };
}

describe('an undo', { timeout: 60_000 }, () => {
  it('takes back what a rule did, and lists it before', async () => {
    const { group, ids } = await harmed();
    const listed = await dry(group, { ...window, rule: 'billing' });
    expect([listed.total, listed.items.map(({ id }) => id)]).toEqual([1, [ids[0]]]);
    expect(await statuses(group)).toEqual(['blacklisted', 'blacklisted', 'cooling', 'active']);
    const task = await ended(await undo(group, { ...window, rule: 'billing' }));
    expect(task).toMatchObject({ kind: 'undo', state: 'done', result: { undone: 1 } });
    expect(await statuses(group)).toEqual(['active', 'blacklisted', 'cooling', 'active']);
    const key = (await run.list(group)).items[0];
    expect(key?.why).toContain(`(undo ${task.id})`);
  });

  it.each([
    [{}, ['active', 'active', 'active', 'active']],
    [{ status: 403 }, ['blacklisted', 'active', 'cooling', 'active']],
    [{ upstream: 'https://u' }, ['active', 'blacklisted', 'active', 'active']],
    [{ rule: 'rate_limited', status: 429 }, ['blacklisted', 'blacklisted', 'active', 'active']],
    [{ rule: 'billing', status: 403 }, ['blacklisted', 'blacklisted', 'cooling', 'active']],
    [{ to: '2021-01-01T00:00:00Z' }, ['blacklisted', 'blacklisted', 'cooling', 'active']],
  ])('of %j leaves what is not meant', async (body, expected) => {
    const { group } = await harmed();
    const { total } = await dry(group, { ...window, ...body });
    const task = await ended(await undo(group, { ...window, ...body }));
    expect(task.result['undone']).toBe(total);
    expect(await statuses(group)).toEqual(expected);
  });

  it('can be taken back: keys are as they were, but for those that changed meanwhile', async () => {
    const { group, ids } = await harmed();
    const before = (await run.list(group)).items.map(({ version: _v, ...key }) => key);
    const { id } = await ended(await undo(group, window));
    const [a = '', b = ''] = ids;
    await run.request('PATCH', `/api/keys/${b}`, { enabled: false });
    await run.request('PATCH', `/api/keys/${a}`, { note: 'does not matter' });
    const task = await ended(await run.request('POST', `/api/undos/${id}/revert`));
    expect(task).toMatchObject({ kind: 'revert', state: 'done', result: { reverted: 2 } });
    expect(await statuses(group)).toEqual(['blacklisted', 'disabled', 'cooling', 'active']);
    const after = (await run.list(group)).items.map(({ version: _v, ...key }) => key);
    expect([after[2], after[3]]).toEqual([before[2], before[3]]);
    expect(after[0]).toEqual({ ...before[0], note: 'does not matter' });
    const again = await run.request('POST', `/api/undos/${id}/revert`);
    expect(again.status).toBe(409);
  });

  it('is reverted once, however many ask', async () => {
    const { group } = await harmed();
    const { id } = await ended(await undo(group, window));
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => run.request('POST', `/api/undos/${id}/revert`)),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 409, 409, 409, 409]);
  });

  it('lists many keys page by page', async () => {
    const { group } = await harmed();
    const first = await dry(group, window, '&limit=2');
    const second = await dry(group, window, `&limit=2&cursor=${first.next_cursor}`);
    expect([first.items.length, first.total, second.items.length, second.next_cursor]).toEqual([
      2,
      3,
      1,
      null,
    ]);
    const ids = [...first.items, ...second.items].map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  it.each([
    [{}, 422],
    [{ from: window.from }, 422],
    [{ ...window, from: 'yesterday' }, 422],
    [{ from: window.to, to: window.from }, 422],
    [{ ...window, status: '401' }, 422],
    [{ ...window, status: 99 }, 422],
    [{ ...window, rules: 'x' }, 422],
    [{ ...window, rule: 'x'.repeat(201) }, 422],
  ])('of %j is refused', async (body, status) => {
    const group = run.newGroup();
    expect((await undo(group, body)).status).toBe(status);
  });

  it('of an unknown group or undo is not found', async () => {
    expect((await undo('nobody', window)).status).toBe(404);
    expect((await run.request('POST', '/api/undos/unknown/revert')).status).toBe(404);
  });
});
