import type { keymanagerOperations, KeyStatus } from '@keymux/contracts';
import {
  type Clock,
  type Handler,
  invalidField,
  isProblem,
  problem,
  type Problem,
} from '@keymux/service';
import { readKeyThen } from '../history/key-then.ts';
import { type PoolKeyThen, readPoolThen } from '../history/pool-then.ts';
import type { AdminDeps } from './admin-deps.ts';
import { readCursor, toCursor } from './cursor.ts';
import { keyedGroupOf } from './group-of.ts';
import { stateView } from './key-view.ts';

type Operations = typeof keymanagerOperations;

const defaultPage = 100;
/** So long a pool that was read is kept for its next pages. */
const keptMs = 60_000;
const isoTime = /^\d{4}-\d\d-\d\d(T|$)/;

function readMoment(at: string, clock: Clock): number | Problem {
  const atMs = isoTime.test(at) ? Date.parse(at) : Number.NaN;
  if (Number.isNaN(atMs)) return invalidField('at', 'must be a time, as ISO 8601');
  if (atMs > clock.now()) return invalidField('at', 'must not be in the future');
  return atMs;
}

/** What was: a key, and the keys of a group, at a moment. */
export function createPastHandlers({ store, snapshots, poolSnapshots, groups, clock }: AdminDeps): {
  keyState: Handler<Operations['keyState']>;
  poolState: Handler<Operations['poolState']>;
} {
  let kept: { readonly of: string; readonly untilMs: number; readonly keys: PoolKeyThen[] } | null =
    null;
  let working = false;

  const keyState: Handler<Operations['keyState']> = async ({ params: { id }, query }) => {
    const atMs = readMoment(query.at, clock);
    if (isProblem(atMs)) return atMs;
    const then = await readKeyThen({ store, snapshots }, id, atMs);
    if (then === undefined) return problem('not_found', { detail: 'there was no such key then' });
    const at = new Date(atMs).toISOString();
    return { status: 200, body: { id, ...stateView(then.state, atMs), version: then.version, at } };
  };

  async function poolThen(group: string, atMs: number, again: boolean): Promise<PoolKeyThen[]> {
    const of = JSON.stringify([group, atMs]);
    if (again && kept !== null && kept.of === of && kept.untilMs > clock.now()) return kept.keys;
    const keys = await readPoolThen({ store, poolSnapshots }, { group, atMs });
    kept = { of, untilMs: clock.now() + keptMs, keys };
    return keys;
  }

  const poolState: Handler<Operations['poolState']> = async ({ params, query }) => {
    const group = await keyedGroupOf(groups, params.name);
    if (isProblem(group)) return group;
    const atMs = readMoment(query.at, clock);
    if (isProblem(atMs)) return atMs;
    const after = readCursor(query.cursor, 'pool', 1);
    if (isProblem(after)) return after;
    if (working) {
      const detail = 'another pool of the past is being read';
      return problem('too_many_requests', { detail, headers: { 'retry-after': '1' } });
    }
    working = true;
    try {
      const keys = await poolThen(group.name, atMs, after !== null);
      const { limit = defaultPage } = query;
      const [from = 0] = after ?? [];
      const end = from + limit;
      const body = {
        at: new Date(atMs).toISOString(),
        counts: countsOf(keys),
        items: keys.slice(from, end),
        next_cursor: end < keys.length ? toCursor(['pool', end]) : null,
        total: keys.length,
      };
      return { status: 200, body };
    } finally {
      working = false;
    }
  };

  return { keyState, poolState };
}

function countsOf(keys: readonly PoolKeyThen[]): Record<KeyStatus, number> {
  const counts = { active: 0, cooling: 0, blacklisted: 0, disabled: 0 };
  for (const { status } of keys) counts[status] += 1;
  return counts;
}
