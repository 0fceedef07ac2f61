import type { Query } from '../api/api.ts';
import type { Revision } from '../api/generated.ts';

/** A restore that can be asked for. */
export interface RestoreCall {
  readonly revision: number;
  readonly query: Query<'restoreRevision'>;
}

/** What takes a change back: the config of just before it, of only what it touched. Null where nothing does. */
export function undoOf(
  change: Pick<Revision, 'revision' | 'type' | 'subject'>,
): RestoreCall | null {
  const revision = change.revision - 1;
  if (revision < 1) return null;
  switch (change.type) {
    case 'SettingsChanged':
      return { revision, query: { only: 'settings' } };
    case 'GroupCreated':
    case 'GroupChanged':
    case 'GroupDeleted':
      return { revision, query: { group: change.subject } };
    case 'ConfigRestored':
      return { revision, query: {} };
    default:
      return null;
  }
}
