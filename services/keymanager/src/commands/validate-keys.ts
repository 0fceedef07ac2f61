import { setTimeout as sleep } from 'node:timers/promises';
import { type Calls, CallFailed, NoAnswer } from '@keymux/bus';
import { type CallTable, type KeyChecked, KeyCheckedSchema } from '@keymux/contracts';
import { type Clock, newId } from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { GroupDirectory, GroupPolicy } from '../group-directory.ts';
import type { KeyRow } from '../roster/keys.ts';
import { stepOf } from '../roster/ledger.ts';
import type { Roster } from '../roster/roster.ts';
import type { Origin, Unit } from '../roster/unit.ts';
import { raise } from '../tasks/task-record.ts';
import type { TaskWork } from '../tasks/task-work.ts';
import { readSelection, selectPage } from './selection.ts';

const isChecked = Compile(KeyCheckedSchema);
const isInput = Compile(Type.Object({ restore_passing: Type.Boolean() }));

export type Probed =
  | { readonly kind: 'checked'; readonly check: KeyChecked }
  /** Nobody answers for probes now. */
  | { readonly kind: 'nobody' }
  | { readonly kind: 'failed'; readonly message: string };

/** A probe waits for a free connection beside its own timeout. */
const slackMs = 10_000;

/** Asks the validator to probe one key now. */
export async function probe(calls: Calls, group: GroupPolicy, key: KeyRow): Promise<Probed> {
  const request: CallTable['validator.probe']['request'] = {
    group: group.name,
    key_id: key.id,
    sealed: key.state.sealed,
  };
  try {
    const timeoutMs = group.probeTimeoutMs + slackMs;
    const reply = await calls.call('validator.probe', request, { timeoutMs });
    if (!isChecked.Check(reply)) throw new Error('the reply to a probe is unreadable');
    return { kind: 'checked', check: reply };
  } catch (error) {
    if (error instanceof NoAnswer) return { kind: 'nobody' };
    if (error instanceof CallFailed) return { kind: 'failed', message: error.message };
    throw error;
  }
}

/** Records a probe with its key; true when the key came back by it. */
export function recordCheck(
  unit: Unit,
  check: KeyChecked,
  { origin, passing, nowMs }: { origin: Origin; passing: 'restores' | 'reports'; nowMs: number },
): boolean {
  const { key_id, at, ok, status, message } = check;
  const result = { ok, status, message };
  const command = { kind: 'hear-check', check: result, at, passing, nowMs } as const;
  return unit.apply(key_id, command, origin).some((fact) => fact.type === 'KeyRestored');
}

const pagesOfProbes = 4;
const mostKeys = 200;
const nobodyWaitMs = 500;
const mostWaits = 60;

/** Makes the work of bulk validations: probes as many keys at once as the group allows. */
export function createValidateWork(deps: {
  readonly roster: Pick<Roster, 'ledger' | 'list' | 'search'>;
  readonly groups: GroupDirectory;
  readonly calls: Calls;
  readonly clock: Clock;
}): TaskWork {
  const { roster, groups, calls, clock } = deps;

  // The validator may start after this service.
  async function patientProbe(
    group: GroupPolicy,
    row: KeyRow,
    signal: AbortSignal,
  ): Promise<Probed> {
    for (let waits = 0; ; waits += 1) {
      const probed = await probe(calls, group, row);
      if (probed.kind !== 'nobody' || waits === mostWaits || signal.aborted) return probed;
      await sleep(nobodyWaitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async function probeAll(
    group: GroupPolicy,
    rows: readonly KeyRow[],
    signal: AbortSignal,
  ): Promise<Probed[]> {
    const probed: Probed[] = [];
    const waiting = rows.values();
    const lane = async (): Promise<void> => {
      for (const row of waiting) {
        if (signal.aborted || probed.some((each) => each.kind === 'nobody')) return;
        probed.push(await patientProbe(group, row, signal));
      }
    };
    await Promise.all(Array.from({ length: group.probes }, lane));
    return probed;
  }

  return {
    step: async (task, signal) => {
      const { poolId, actor, position, group: name } = task;
      const group = name === null ? undefined : groups.find(name);
      if (poolId === null || !isInput.Check(task.input)) throw new Error('a task is unreadable');
      // Before the first snapshot of the config, every group is unknown.
      if (!groups.loaded) {
        await sleep(nobodyWaitMs, undefined, { signal }).catch(() => undefined);
        return 'more';
      }
      if (group === undefined) return { failed: 'The group is gone.' };
      const selection = readSelection(task.input);
      const passing = task.input.restore_passing ? 'restores' : 'reports';
      const limit = Math.min(group.probes * pagesOfProbes, mostKeys);
      const page = await selectPage(roster, poolId, { selection, position, limit });
      const probed = await probeAll(group, page.rows, signal);
      if (probed.some((each) => each.kind === 'nobody') && !signal.aborted) {
        return { failed: 'The validator does not answer.' };
      }
      const reach = { keyIds: page.rows.map((row) => row.id), step: task };
      const recorded = await roster.ledger.write(reach, (unit) => {
        const counts = { passed: 0, failed: 0, restored: 0, unanswered: 0 };
        for (const each of probed) {
          if (each.kind !== 'checked') {
            counts.unanswered += 1;
            continue;
          }
          // Not the task: a key whose task was stopped in between is probed twice.
          const origin = { cause: newId(), actor };
          counts[each.check.ok ? 'passed' : 'failed'] += 1;
          const nowMs = clock.now();
          if (recordCheck(unit, each.check, { origin, passing, nowMs })) counts.restored += 1;
        }
        // Not all were probed when it was stopped: those that were are probed again.
        if (probed.length < page.rows.length) return 'more';
        const processed = task.processed + page.rows.length + page.missed;
        unit.progress({
          position: page.next ?? position,
          processed,
          result: raise(task.result, { ...counts, not_found: page.missed }),
          ...(page.next === null ? { total: processed } : {}),
        });
        return page.next === null ? 'done' : 'more';
      });
      return stepOf(recorded);
    },
  };
}
