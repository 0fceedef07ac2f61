import type { KeyView, keymanagerOperations, Verdicts } from '@keymux/contracts';
import {
  type FieldError,
  type Handler,
  isProblem,
  newId,
  problem,
  type Problem,
} from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { type UndoPlace, undoablePage, undoStart } from '../commands/undo-verdicts.ts';
import { isFinished } from '../tasks/task-record.ts';
import type { AdminDeps } from './admin-deps.ts';
import { readCursor, toCursor } from './cursor.ts';
import { keyedGroupOf } from './group-of.ts';
import { acceptedReply } from './accepted-reply.ts';
import { keyView } from './key-view.ts';

type Operations = typeof keymanagerOperations;
type Body = Parameters<Handler<Operations['undoVerdicts']>>[0]['body'];

const defaultPage = 100;
const cursorStages = ['blacklisted', 'cooling'] as const;
const streamOfUndo = (id: string): string => `undo-${id}`;
const isAsked = Compile(Type.Object({ group: Type.String(), pool_id: Type.Integer() }));

function readVerdicts({ rule, status, upstream, from, to }: Body): Verdicts | Problem {
  const errors: FieldError[] = [];
  const read = (field: string, text: string): number => {
    const ms = Date.parse(text);
    if (Number.isNaN(ms)) errors.push({ field, message: 'must be a time (ISO 8601)' });
    return ms;
  };
  const [fromMs, toMs] = [read('from', from), read('to', to)];
  if (fromMs > toMs) errors.push({ field: 'to', message: 'must not be before from' });
  if (errors.length > 0) return problem('invalid', { errors });
  return {
    rule: rule ?? null,
    status: status ?? null,
    upstream: upstream ?? null,
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
  };
}

/** Taking verdicts back, and taking that back. */
export function createUndoHandlers(
  deps: AdminDeps,
): Pick<{ [Name in keyof Operations]: Handler<Operations[Name]> }, 'undoVerdicts' | 'revertUndo'> {
  const { roster, groups, runner, tasks, audit, store, clock } = deps;

  // All keys are looked at, for the total; those of one page are shown.
  async function listUndoable(
    request: { readonly poolId: number; readonly verdicts: Verdicts; readonly upToSeq: number },
    { after, limit }: { readonly after: UndoPlace; readonly limit: number },
  ): Promise<{ items: KeyView[]; next_cursor: string | null; total: number }> {
    const nowMs = clock.now();
    const items: KeyView[] = [];
    let total = 0;
    let last: readonly number[] = [];
    let more = false;
    const rank = (stage: UndoPlace['stage']): number => cursorStages.indexOf(stage);
    for (let place: UndoPlace | null = undoStart; place !== null;) {
      const { stage } = place;
      const page = await undoablePage(roster, { ...request, place, nowMs });
      total += page.keys.length;
      for (const key of page.keys) {
        const seen =
          rank(stage) < rank(after.stage) || (stage === after.stage && key.seq <= after.seq);
        if (seen) continue;
        if (items.length === limit) {
          more = true;
          break;
        }
        items.push(keyView(key, nowMs));
        last = [rank(stage), key.seq];
      }
      place = page.next;
    }
    return { items, next_cursor: more ? toCursor(['undo', ...last]) : null, total };
  }

  const undoVerdicts: Handler<Operations['undoVerdicts']> = async (input) => {
    const { params, query, body, actor } = input;
    const group = await keyedGroupOf(groups, params.name);
    if (isProblem(group)) return group;
    const verdicts = readVerdicts(body);
    if (isProblem(verdicts)) return verdicts;
    const after = readCursor(query.cursor, 'undo', 2);
    if (isProblem(after)) return after;
    const pool = await roster.pools.open(group.name);
    const upToSeq = await roster.list.lastSeq(pool.id);
    if (query.dry_run === true) {
      const [stage = 0, seq = 0] = after ?? [];
      const place = { stage: cursorStages[stage] ?? undoStart.stage, seq };
      const { limit = defaultPage } = query;
      const request = { poolId: pool.id, verdicts, upToSeq };
      return { status: 200, body: await listUndoable(request, { after: place, limit }) };
    }
    const id = newId();
    const createdMs = clock.now();
    const data = { group: group.name, pool_id: pool.id, verdicts };
    const time = new Date(createdMs).toISOString();
    const events = [{ id: `${id}.asked`, type: 'UndoAsked', time, actor, data }];
    const entry = { group: group.name, undo_id: id, ...verdicts };
    const kept = await audit.append({ type: 'VerdictsUndone', actor, data: entry }, [
      { stream: streamOfUndo(id), expectedVersion: 0, events },
    ]);
    if (kept.kind !== 'appended') throw new Error(`a new undo was a ${kept.kind}`);
    const task = await runner.submit({
      kind: 'undo',
      id,
      group: group.name,
      poolId: pool.id,
      actor,
      input: { verdicts, up_to_seq: upToSeq },
      total: null,
      result: { undone: 0, unchanged: 0 },
      createdMs,
    });
    return acceptedReply(task);
  };

  const revertUndo: Handler<Operations['revertUndo']> = async ({ params, actor }) => {
    const stream = streamOfUndo(params.id);
    const [asked, reverted] = await store.read(stream);
    if (asked === undefined || !isAsked.Check(asked.data)) {
      return problem('not_found', { detail: 'There is no such undo.' });
    }
    const { group, pool_id: poolId } = asked.data;
    if ((await roster.pools.find(group))?.id !== poolId) {
      return problem('conflict', { detail: `The group ${group} was deleted meanwhile.` });
    }
    if (reverted !== undefined) return alreadyReverted();
    const undoing = await tasks.find(params.id);
    if (undoing !== undefined && !isFinished(undoing.state)) {
      return problem('conflict', { detail: 'It is not finished: wait for it, or cancel it.' });
    }
    const id = newId();
    const createdMs = clock.now();
    const data = { task_id: id };
    const time = new Date(createdMs).toISOString();
    const events = [{ id: `${params.id}.reverted`, type: 'UndoReverted', time, actor, data }];
    const entry = { type: 'UndoReverted', actor, data: { group, undo_id: params.id } } as const;
    const kept = await audit.append(entry, [{ stream, expectedVersion: 1, events }]);
    if (kept.kind !== 'appended') return alreadyReverted();
    const upToSeq = await roster.list.lastSeq(poolId);
    const task = await runner.submit({
      kind: 'revert',
      id,
      group,
      poolId,
      actor,
      input: { undo_id: params.id, up_to_seq: upToSeq },
      total: await roster.list.count(poolId, { upToSeq }),
      result: { reverted: 0, unchanged: 0 },
      createdMs,
    });
    return acceptedReply(task);
  };

  return { undoVerdicts, revertUndo };
}

function alreadyReverted(): Problem {
  return problem('conflict', { detail: 'It was taken back already.' });
}
