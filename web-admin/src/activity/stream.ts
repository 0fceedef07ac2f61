import type { Answer } from '../api/api.ts';
import type { Revision } from '../api/generated.ts';

export type AuditEntry = Answer<'listAudit'>['items'][number];

/** What an entry is about. */
export type Topic = 'config' | 'keys' | 'access';

/** Something that a person did, with what it changed of the config. */
export interface Deed {
  readonly id: string;
  readonly time: string;
  readonly actor: string;
  readonly topic: Topic;
  /** Of the audit; for a change of the config, that of the change. */
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly revision: Revision | null;
}

/** A page of a list that starts with the newest. */
export interface Newest<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

const accessTypes = new Set(['LoggedIn', 'LoginFailed', 'LoggedOut']);
const configTypes = new Set(['ConfigChanged', 'ConfigRestored']);

function topicOf(type: string): Topic {
  if (configTypes.has(type)) return 'config';
  return accessTypes.has(type) ? 'access' : 'keys';
}

/**
 * The audit and the revisions as one stream, newest first. A change that is in both is told once, with its diff.
 * Where only one of the two reaches further back, the rest waits for the next page: the stream has no holes.
 */
export function streamOf(audit: Newest<AuditEntry>, revisions: Newest<Revision>): readonly Deed[] {
  const byNumber = new Map(revisions.items.map((each) => [each.revision, each]));
  const told = new Set<number>();
  const deeds = audit.items.map((entry): Deed => {
    const number = entry.data['revision'];
    const revision = typeof number === 'number' ? (byNumber.get(number) ?? null) : null;
    if (typeof number === 'number') told.add(number);
    const change = entry.data['change'];
    const { id, time, actor, data } = entry;
    const type = typeof change === 'string' ? change : entry.type;
    return { id, time, actor, topic: topicOf(entry.type), type, data, revision };
  });
  const older = revisions.items.flatMap((each): readonly Deed[] => {
    if (told.has(each.revision)) return [];
    const { time, actor, type, subject, revision } = each;
    const data = { subject, revision };
    return [{ id: `r${revision}`, time, actor, topic: 'config', type, data, revision: each }];
  });
  const horizon = [audit, revisions]
    .flatMap(({ items, next_cursor }) => (next_cursor === null ? [] : [items.at(-1)?.time ?? '']))
    .toSorted()
    .at(-1);
  return [...deeds, ...older]
    .filter(({ time }) => horizon === undefined || time >= horizon)
    .toSorted((a, b) => b.time.localeCompare(a.time));
}

/** The ids of the undos that were taken back. */
export function revertedUndos(deeds: readonly Deed[]): ReadonlySet<string> {
  return new Set(
    deeds.flatMap(({ type, data }) => (type === 'UndoReverted' ? [String(data['undo_id'])] : [])),
  );
}

/** The stream cut into days of the reader's calendar, in the order it has. */
export function byDay<T extends { readonly time: string }>(
  entries: readonly T[],
): readonly { readonly day: number; readonly entries: readonly T[] }[] {
  const days = new Map<number, T[]>();
  for (const entry of entries) {
    const day = new Date(entry.time).setHours(0, 0, 0, 0);
    const known = days.get(day);
    if (known === undefined) days.set(day, [entry]);
    else known.push(entry);
  }
  return Array.from(days, ([day, those]) => ({ day, entries: those }));
}
