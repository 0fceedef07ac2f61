import { describe, expect, it } from 'vitest';
import type { TaskRecord } from '../../tasks/task-record.ts';
import { addKeys, origin, type Tested } from './tested.ts';

/** What the keeping of tasks promises. */
export function promisesOfTasks(tested: Tested): void {
  const { newGroup, secretsOf, newTask, claim } = tested;
  describe('tasks', () => {
    it('are kept, listed newest first, counted and forgotten', async () => {
      const group = newGroup();
      const a = await newTask(group);
      const b = await newTask(group, { processed: 2 });
      expect(await tested.on.store.tasks.find(a.id)).toEqual(a);
      expect(await newTask(group, { id: a.id, total: 9 })).toEqual(a);
      expect(a).toMatchObject({ state: 'queued', input: { some: ['input'] }, total: 3 });
      const page = await tested.on.store.tasks.page({ state: null, beforeSeq: null, limit: 1 });
      expect(page.tasks).toEqual([b]);
      const next = await tested.on.store.tasks.page({
        state: null,
        beforeSeq: page.next,
        limit: 1,
      });
      expect(next.tasks).toEqual([a]);
      const ids = (await tested.on.store.tasks.unfinished()).map(({ id }) => id);
      expect(ids.slice(-2)).toEqual([a.id, b.id]);
      const queued = await tested.on.store.tasks.count('queued');
      expect(await tested.on.store.tasks.move(b.id, { state: 'cancelled', atMs: 5 })).toBe(true);
      expect(await tested.on.store.tasks.move(b.id, { state: 'done', atMs: 6 })).toBe(false);
      expect(await tested.on.store.tasks.count('queued')).toBe(queued - 1);
      expect(await tested.on.store.tasks.find(b.id)).toMatchObject({
        state: 'cancelled',
        endedMs: 5,
      });
      await tested.on.store.tasks.progress(a, {
        position: 1,
        processed: 1,
        result: { n: 1 },
        total: 4,
      });
      expect(await tested.on.store.tasks.find(a.id)).toMatchObject({ position: 1, total: 4 });
      await tested.on.store.tasks.prune(6);
      expect(await tested.on.store.tasks.find(b.id)).toBeUndefined();
      await tested.on.store.tasks.move(a.id, { state: 'failed', atMs: 7, error: 'why' });
      expect(await tested.on.store.tasks.find(a.id)).toMatchObject({
        state: 'failed',
        error: 'why',
      });
    });

    it('run while they are claimed, and not once they ended', async () => {
      const group = newGroup();
      const { id } = await newTask(group);
      expect(await claim(id, 'one', 3)).toMatchObject({ id, state: 'running', startedMs: 3 });
      expect(await claim(id, 'one', 4)).toMatchObject({ id, startedMs: 3 });
      await tested.on.store.tasks.release('one');
      await tested.on.store.tasks.move(id, { state: 'done', atMs: 9 });
      expect(await claim(id, 'one')).toBeUndefined();
      expect(await claim('unknown', 'one')).toBeUndefined();
    });

    it('write a step with what it does, unless they ended', async () => {
      const group = newGroup();
      const [a = ''] = await addKeys(tested.on, group, secretsOf(group, 1));
      const { id } = await newTask(group);
      const task = await claim(id, 'one');
      if (task === undefined) throw new Error('the task is not claimed');
      const step = (from: TaskRecord, enabled: boolean) =>
        tested.on.store.roster.ledger.write({ keyIds: [a], step: from }, (unit) => {
          const command = { kind: enabled ? 'enable' : 'disable', nowMs: 1 } as const;
          unit.apply(a, command, origin());
          unit.progress({ position: from.position + 1, processed: 1, result: { changed: 1 } });
        });
      expect((await step(task, false)).kind).toBe('written');
      const after = await tested.on.store.tasks.find(id);
      expect(after).toMatchObject({
        position: 1,
        processed: 1,
        total: 3,
        result: { changed: 1 },
      });
      await tested.on.store.tasks.move(id, { state: 'cancelled', atMs: 9 });
      expect((await step(after ?? task, true)).kind).toBe('stopped');
      expect((await tested.on.store.roster.keys.find(a))?.state.status).toBe('disabled');
      await tested.on.store.tasks.release('one');
    });
  });
}
