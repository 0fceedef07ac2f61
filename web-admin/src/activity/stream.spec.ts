import { describe, expect, it } from 'vitest';
import type { Revision } from '../api/generated.ts';
import { type AuditEntry, byDay, revertedUndos, streamOf } from './stream.ts';

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 25, 8, minute)).toISOString();

function entry(version: number, minute: number, of: Partial<AuditEntry> = {}): AuditEntry {
  const base = { version, id: `a${version}`, time: at(minute), actor: 'key', hash: '' };
  return { ...base, type: 'LoggedIn', data: {}, ...of };
}

function revision(number: number, minute: number): Revision {
  const diff = [{ field: 'enabled', before: true, after: false }];
  const of = { time: at(minute), actor: 'key', type: 'GroupChanged', subject: 'main', diff };
  return { revision: number, ...of };
}

const all = <T>(...items: T[]) => ({ items, next_cursor: null });
const changed = (number: number) => ({
  type: 'ConfigChanged',
  data: { revision: number, change: 'GroupChanged', subject: 'main' },
});

describe('the stream of what people did', () => {
  it('tells a change once, with its diff', () => {
    const stream = streamOf(all(entry(1, 1, changed(7))), all(revision(7, 1)));
    expect(stream).toHaveLength(1);
    expect(stream[0]).toMatchObject({ type: 'GroupChanged', topic: 'config' });
    expect(stream[0]?.revision?.diff).toHaveLength(1);
  });

  it('is newest first, and holds revisions from before there was an audit', () => {
    const stream = streamOf(all(entry(2, 9), entry(1, 5)), all(revision(3, 7), revision(2, 1)));
    expect(stream.map(({ id }) => id)).toEqual(['a2', 'r3', 'a1', 'r2']);
  });

  it('ends where the list that reaches less far back ends', () => {
    const audit = { items: [entry(2, 9), entry(1, 5)], next_cursor: '1' };
    const stream = streamOf(audit, all(revision(3, 7), revision(2, 1)));
    expect(stream.map(({ id }) => id)).toEqual(['a2', 'r3', 'a1']);
  });

  it('knows the undos that were taken back', () => {
    const back = entry(2, 9, { type: 'UndoReverted', data: { undo_id: 'u1' } });
    expect(revertedUndos(streamOf(all(back, entry(1, 5)), all()))).toEqual(new Set(['u1']));
  });

  it('is cut into days', () => {
    const [today, before] = [new Date(2026, 4, 2, 9), new Date(2026, 4, 1, 23)];
    const entries = [today, today, before].map((time) => ({ time: time.toISOString() }));
    expect(byDay(entries).map((each) => each.entries.length)).toEqual([2, 1]);
  });
});
