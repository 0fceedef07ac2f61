import { expect, it } from 'vitest';
import type { Task } from '../api/generated.ts';
import { mergeTasks } from './task-state.ts';

const task = (id: string, state: Task['state'], processed = 0): Task => ({
  id,
  kind: 'import',
  group: 'g',
  state,
  processed,
  total: null,
  result: {},
  error: null,
  started_at: null,
  ended_at: null,
});

it('puts the newest of what is known first', () => {
  const known = [task('b', 'running'), task('a', 'done')];
  expect(mergeTasks(known, [task('c', 'queued'), task('b', 'running', 7)])).toEqual([
    task('c', 'queued'),
    task('b', 'running', 7),
    task('a', 'done'),
  ]);
});

it('does not take a task for open again after its end was told', () => {
  expect(mergeTasks([task('a', 'done', 9)], [task('a', 'running', 5)])).toEqual([
    task('a', 'done', 9),
  ]);
});
