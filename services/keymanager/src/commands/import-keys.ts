import { newId } from '@keymux/service';
import type { Vault } from '@keymux/vault';
import { type Spool, spooledKey, type SpooledKey } from '../import/spool.ts';
import { stepOf } from '../roster/ledger.ts';
import type { Roster } from '../roster/roster.ts';
import { raise, type TaskRecord } from '../tasks/task-record.ts';
import type { TaskWork } from '../tasks/task-work.ts';
import { addedKeys } from './batch-size.ts';

/** The fingerprints that these keys may be known by already. */
export function knownBy(
  keys: readonly Pick<SpooledKey, 'fingerprint' | 'previousFingerprint'>[],
): string[] {
  return keys.flatMap(({ fingerprint, previousFingerprint: previous }) =>
    previous === undefined ? [fingerprint] : [fingerprint, previous],
  );
}

/** The input of an import whose upload is sealed under the current key. */
export const importInput = ({ keyId }: Vault): { readonly sealed_by: string } => ({
  sealed_by: keyId,
});

// Not with a keymanager that was started with another encryption key, while that is changed.
function isOurImport({ keyId, previousKeyId }: Vault, { input }: TaskRecord): boolean {
  const { sealed_by }: Record<string, unknown> = { ...Object(input) };
  // A release before this one named no key.
  return sealed_by === undefined || sealed_by === keyId || sealed_by === previousKeyId;
}

/** Makes the work of imports: from the spool into the roster, batch by batch. `position` is a place in the file. */
export function createImportWork(deps: {
  readonly roster: Pick<Roster, 'ledger'>;
  readonly spool: Spool;
  readonly vault: Vault;
  readonly clock: { now(): number };
}): TaskWork {
  const { roster, spool, vault, clock } = deps;

  // The encryption key may have been changed since the upload.
  const underCurrentKey = (key: SpooledKey): SpooledKey =>
    vault.isCurrent(key.sealed) ? key : spooledKey(vault, vault.open(key.sealed));

  return {
    isOurs: (task) => isOurImport(vault, task),
    step: async (task) => {
      const { id, poolId, actor, position } = task;
      if (poolId === null) throw new Error('an import has no group');
      const read = await spool.read(id, position, addedKeys);
      if (read === undefined) return { failed: 'The uploaded keys are gone.' };
      const keys = read.keys.map(underCurrentKey);
      const reach = { adds: { poolId, fingerprints: knownBy(keys) }, step: task };
      const written = await roster.ledger.write(reach, (unit) => {
        const origin = { cause: id, actor, nowMs: clock.now() };
        let added = 0;
        for (const key of keys) {
          if (unit.add({ ...key, id: newId(), taskId: id }, origin) === 'added') added += 1;
        }
        unit.progress({
          position: read.next ?? position,
          processed: task.processed + keys.length,
          result: raise(task.result, { added, duplicates: keys.length - added }),
        });
        return read.next === null ? 'done' : 'more';
      });
      return stepOf(written);
    },
    cleanUp: (task) => spool.remove(task.id),
  };
}
