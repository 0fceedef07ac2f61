import { describe, expect, it } from 'vitest';
import { undoOf } from './undo-of.ts';

const change = (type: string, revision = 9, subject = 'main') => ({ type, revision, subject });

describe('the undo of a change', () => {
  it('brings back only what the change touched', () => {
    expect(undoOf(change('GroupChanged'))).toEqual({ revision: 8, query: { group: 'main' } });
    expect(undoOf(change('SettingsChanged', 9, 'settings'))).toEqual({
      revision: 8,
      query: { only: 'settings' },
    });
  });

  it('of a restore is a restore of all', () => {
    expect(undoOf(change('ConfigRestored', 9, 'revision 3'))).toEqual({ revision: 8, query: {} });
  });

  it('is none for the first change and for what cannot be restored alone', () => {
    expect(undoOf(change('SettingsChanged', 1, 'settings'))).toBeNull();
    expect(undoOf(change('GroupsOrdered', 9, 'order'))).toBeNull();
  });
});
