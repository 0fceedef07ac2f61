import { afterAll, beforeAll, expect, it } from 'vitest';
import { TaskSchema } from '@keymux/contracts';
import { Value } from 'typebox/value';
import {
  failure,
  type RunningKeymanager,
  secretsOf,
  startKeymanager,
} from '../running-keymanager.fixture.ts';

let on: RunningKeymanager;
beforeAll(async () => {
  on = await startKeymanager();
});
afterAll(() => on.close());

it('makes everything anew while outcomes and imports come, and changes nothing', async () => {
  const group = on.newGroup();
  await on.importKeys(group, secretsOf(group, 300));
  const { items } = await on.list(group, '?limit=100');
  await on.publishOutcomes(group, [failure(items[0]?.id)]);
  await expect.poll(async () => (await on.list(group, '?status=blacklisted')).total).toBe(1);
  const before = (await on.list(group, '?limit=100')).items;
  const asked = await on.request('POST', '/api/rebuild');
  expect(asked.status).toBe(202);
  await on.importKeys(group, secretsOf(`${group}-more`, 200));
  const task = await on.ended(Value.Parse(TaskSchema, asked.body).id);
  expect(task).toMatchObject({
    kind: 'rebuild',
    state: 'done',
    processed: expect.any(Number),
    result: { replaced: 0, added: 0, removed: 0, unplaced: 0, config_changed: false },
  });
  expect(task.processed).toBeGreaterThan(300);
  expect(task.total).toBe(task.processed);
  expect((await on.list(group, '?limit=100')).items).toEqual(before);
  expect((await on.list(group)).total).toBe(500);
});
