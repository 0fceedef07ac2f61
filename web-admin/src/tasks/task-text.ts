import type { Task } from '../api/generated.ts';
import type { I18n } from '../i18n/i18n.ts';
import { isOpen } from './task-state.ts';

/** What a task does, in words. */
export function kindText(i18n: I18n, task: Task): string {
  const key = `taskKind.${task.kind}`;
  return i18n.has(key) ? i18n.t(key) : task.kind;
}

/** What came of a task; of one that still works also how far it is. */
export function countsText(i18n: I18n, task: Task): string {
  const results = Object.entries(task.result).flatMap(([name, value]) => {
    const key = `taskResult.${name}`;
    return typeof value === 'number' && i18n.has(key) ? [i18n.t(key, { n: value })] : [];
  });
  const processed = i18n.number(task.processed);
  const far = task.total === null ? processed : `${processed} / ${i18n.number(task.total)}`;
  if (results.length === 0) return far;
  return (isOpen(task) ? [far, ...results] : results).join(' · ');
}
