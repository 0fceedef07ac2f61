import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { KeyStatusSchema } from '@keymux/contracts';
import type { KeyFilter } from '../roster/key-filter.ts';
import { keysInOrder } from '../roster/key-list.ts';
import type { KeyRow } from '../roster/keys.ts';
import type { Roster } from '../roster/roster.ts';

/** Which keys a task is for, as it is kept with the task. All conditions hold together. */
const SelectionSchema = Type.Object({
  /** When given, the task goes through this list; else through the pool. */
  ids: Type.Optional(Type.Array(Type.String())),
  status: Type.Optional(KeyStatusSchema),
  rule: Type.Optional(Type.String()),
  since_ms: Type.Optional(Type.Integer()),
  until_ms: Type.Optional(Type.Integer()),
  q: Type.Optional(Type.String()),
  /** Keys that are imported later are not meant. */
  up_to_seq: Type.Integer(),
});
export type Selection = Static<typeof SelectionSchema>;

const isInput = Compile(Type.Object({ selection: SelectionSchema }));

/** The selection in a task's input. Throws for what no version of ours wrote. */
export function readSelection(input: unknown): Selection {
  if (!isInput.Check(input)) throw new Error('the selection of a task is unreadable');
  return input.selection;
}

/** Some of the keys that are meant. */
export interface SelectedPage {
  readonly rows: readonly KeyRow[];
  /** Entries of the list that are no keys, or do not meet the other conditions. */
  readonly missed: number;
  /** Where the next page begins; null at the end. */
  readonly next: number | null;
}

type Readers = Pick<Roster, 'list' | 'search'>;

async function filterOf(
  { search }: Readers,
  poolId: number,
  selection: Selection,
): Promise<KeyFilter> {
  const { status, rule, since_ms, until_ms, q, up_to_seq } = selection;
  return {
    upToSeq: up_to_seq,
    ...(status === undefined ? {} : { status }),
    ...(rule === undefined ? {} : { rule }),
    ...(since_ms === undefined ? {} : { sinceMs: since_ms }),
    ...(until_ms === undefined ? {} : { untilMs: until_ms }),
    ...(q === undefined ? {} : { seqs: await search(poolId, q) }),
  };
}

/** How many keys or entries a task with this selection will go through. */
export async function countSelected(
  readers: Readers,
  poolId: number,
  selection: Selection,
): Promise<number> {
  if (selection.ids !== undefined) return selection.ids.length;
  return readers.list.count(poolId, await filterOf(readers, poolId, selection));
}

/** A page of the keys that are meant, from a position: an index in the list, or the number of a key. */
export async function selectPage(
  readers: Readers,
  poolId: number,
  request: {
    readonly selection: Selection;
    readonly position: number;
    readonly limit: number;
  },
): Promise<SelectedPage> {
  const { selection, position, limit } = request;
  const filter = await filterOf(readers, poolId, selection);
  if (selection.ids === undefined) {
    const page = { poolId, filter, behindSeq: position, limit };
    const { keys, next } = await keysInOrder(readers.list, page);
    return { rows: keys, missed: 0, next };
  }
  const ids = [...new Set(selection.ids.slice(position, position + limit))];
  const page = { poolId, filter: { ...filter, ids }, behindSeq: 0, limit };
  const { keys } = await keysInOrder(readers.list, page);
  const end = position + limit;
  const missed = Math.min(limit, selection.ids.length - position) - keys.length;
  return { rows: keys, missed, next: end < selection.ids.length ? end : null };
}
