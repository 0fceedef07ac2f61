import { setTimeout as pause } from 'node:timers/promises';
import { keymanagerOperations, type Task, TaskSchema } from '@keymux/contracts';
import { Value } from 'typebox/value';
import { expect, it } from 'vitest';
import { useApart } from '../../product/distributed/use-apart.ts';
import { at, groupName, secretsFor } from '../../product/house.ts';

const house = useApart();
/** Longer than a task stays with a keymanager that says nothing. */
const outageMs = 20_000;

/** A task, or undefined while nobody can tell. */
async function look(id: string): Promise<Task | undefined> {
  const { status, json } = await house.apart.api.request('GET', `/api/tasks/${id}`);
  return status === 200 ? Value.Parse(TaskSchema, json) : undefined;
}

it('a rebuild whose store dies for longer than its lease goes on where it was, whoever goes on with it', async () => {
  const { apart, simulator } = house;
  const { mongodb } = apart.servers;
  if (mongodb === null) throw new Error('this test needs a MongoDB of its own');
  const name = groupName('rebuilt');
  // Some pages of 500; of more, the stand-in for MongoDB compares each of a page with all, minutes long.
  const secrets = secretsFor(name, 1_200);
  await apart.api.addGroup({ name, channel: 'openai', upstreams: at(simulator) });
  await apart.api.importKeys(name, secrets);

  const { id } = await apart.api.call(keymanagerOperations.rebuild, {});
  const walked: number[] = [];
  const untilWalked = async (isEnough: (task: Task) => boolean): Promise<Task> => {
    for (;;) {
      const task = await look(id);
      if (task !== undefined && task.processed > 0) walked.push(task.processed);
      if (task !== undefined && isEnough(task)) return task;
      await pause(50);
    }
  };
  const before = await untilWalked(({ processed }) => processed >= 500);
  expect(before.state).toBe('running');
  await mongodb.kill('SIGKILL');
  await pause(outageMs);
  await mongodb.restart();

  const task = await untilWalked(({ state }) => state !== 'queued' && state !== 'running');
  expect(task).toMatchObject({
    state: 'done',
    error: null,
    result: { keys: secrets.length, replaced: 0, added: 0, removed: 0, unplaced: 0 },
  });
  expect(walked.toSorted((a, b) => a - b)).toEqual(walked);
  expect(task.processed).toBe(task.total);
  expect(apart.logs()).not.toMatch(/\bERROR\b/);
});
