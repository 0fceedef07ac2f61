import { type Verdicts, VerdictsSchema } from '@keymux/contracts';
import type { Clock } from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { isUndoable } from '../key/undo.ts';
import { keysInOrder } from '../roster/key-list.ts';
import type { ListedKey } from '../roster/keys.ts';
import { stepOf } from '../roster/ledger.ts';
import type { Roster } from '../roster/roster.ts';
import { raise, type TaskRecord } from '../tasks/task-record.ts';
import type { TaskWork } from '../tasks/task-work.ts';
import { batchKeys } from './batch-size.ts';

/** States that verdicts put keys into, in the order in which an undo goes through them. */
const stages = ['blacklisted', 'cooling'] as const;
type Stage = (typeof stages)[number];

/** Where an undo goes on: behind the key of this number in a stage. */
export interface UndoPlace {
  readonly stage: Stage;
  readonly seq: number;
}

/** The first place. */
export const undoStart: UndoPlace = { stage: stages[0], seq: 0 };

const isInput = Compile(Type.Object({ verdicts: VerdictsSchema, up_to_seq: Type.Integer() }));
const isRevert = Compile(Type.Object({ undo_id: Type.String(), up_to_seq: Type.Integer() }));

/** Some keys that an undo is for, and the next place; null at the end. */
export async function undoablePage(
  { list }: Pick<Roster, 'list'>,
  request: {
    readonly poolId: number;
    readonly verdicts: Verdicts;
    readonly upToSeq: number;
    readonly place: UndoPlace;
    readonly nowMs: number;
  },
): Promise<{ keys: ListedKey[]; next: UndoPlace | null }> {
  const { poolId, verdicts, upToSeq, place, nowMs } = request;
  const { stage, seq } = place;
  const { keys, next } = await keysInOrder(list, {
    poolId,
    filter: { status: stage, upToSeq },
    behindSeq: seq,
    limit: batchKeys,
  });
  const meant = keys.filter((key) => isUndoable(key.state, verdicts, nowMs));
  if (next !== null) return { keys: meant, next: { stage, seq: next } };
  const later = stages[stages.indexOf(stage) + 1];
  return { keys: meant, next: later === undefined ? null : { stage: later, seq: 0 } };
}

interface UndoDeps {
  readonly roster: Pick<Roster, 'ledger' | 'list'>;
  readonly clock: Clock;
}

/** Makes the work of an undo: it goes through the keys that are blacklisted, then those that cool down. */
export function createUndoWork({ roster, clock }: UndoDeps): TaskWork {
  return {
    step: async (task) => {
      const { id, poolId, actor, input, position } = task;
      if (poolId === null || !isInput.Check(input)) throw new Error('an undo is unreadable');
      const { verdicts, up_to_seq: upToSeq } = input;
      const place = { stage: stageOf(task), seq: position };
      const page = { poolId, verdicts, upToSeq, place, nowMs: clock.now() };
      const { keys, next } = await undoablePage(roster, page);
      const reach = { keyIds: keys.map((key) => key.id), step: task };
      const written = await roster.ledger.write(reach, (unit) => {
        const command = { kind: 'undo', undoId: id, verdicts, nowMs: clock.now() } as const;
        const undone = keys.filter(
          (key) => unit.apply(key.id, command, { cause: id, actor }).length > 0,
        ).length;
        const processed = task.processed + keys.length;
        const result = raise(task.result, { undone, unchanged: keys.length - undone });
        unit.progress({
          position: next?.seq ?? position,
          processed,
          result: next === null ? result : { ...result, stage: next.stage },
          ...(next === null ? { total: processed } : {}),
        });
        return next === null ? 'done' : 'more';
      });
      return stepOf(written);
    },
  };
}

function stageOf({ result }: TaskRecord): Stage {
  return stages.find((each) => each === result['stage']) ?? undoStart.stage;
}

/** Makes the work of taking an undo back: it goes through the keys of the pool. */
export function createRevertWork({ roster, clock }: UndoDeps): TaskWork {
  return {
    step: async (task) => {
      const { id, poolId, actor, input, position } = task;
      if (poolId === null || !isRevert.Check(input)) throw new Error('a revert is unreadable');
      const { undo_id: undoId, up_to_seq: upToSeq } = input;
      const { keys, next } = await keysInOrder(roster.list, {
        poolId,
        filter: { upToSeq },
        behindSeq: position,
        limit: batchKeys,
      });
      const touched = keys.filter(({ state }) =>
        (state.undone ?? []).some((each) => each.undo_id === undoId),
      );
      const reach = { keyIds: touched.map((key) => key.id), step: task };
      const written = await roster.ledger.write(reach, (unit) => {
        const command = { kind: 'revert-undo', undoId, nowMs: clock.now() } as const;
        const reverted = touched.filter(
          (key) => unit.apply(key.id, command, { cause: id, actor }).length > 0,
        ).length;
        const processed = task.processed + keys.length;
        unit.progress({
          position: next ?? position,
          processed,
          result: raise(task.result, { reverted, unchanged: touched.length - reverted }),
          ...(next === null ? { total: processed } : {}),
        });
        return next === null ? 'done' : 'more';
      });
      return stepOf(written);
    },
  };
}
