import { newId } from '@keymux/service';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Vault } from '@keymux/vault';
import { spooledKey } from '../import/spool.ts';
import { keysInOrder } from '../roster/key-list.ts';
import type { KeyRow } from '../roster/keys.ts';
import { stepOf } from '../roster/ledger.ts';
import type { Roster } from '../roster/roster.ts';
import { raise } from '../tasks/task-record.ts';
import type { TaskWork } from '../tasks/task-work.ts';
import { addedKeys } from './batch-size.ts';
import { knownBy } from './import-keys.ts';

const CopySchema = Type.Object({
  from_pool: Type.Integer(),
  keys: Type.Enum(['active', 'all']),
  up_to_seq: Type.Integer(),
});
export type CopyInput = Static<typeof CopySchema>;
const isCopy = Compile(CopySchema);

/** Makes the work of copies: keys of another pool become new keys of this one, with their notes. */
export function createCopyWork(deps: {
  readonly roster: Pick<Roster, 'ledger' | 'list'>;
  readonly vault: Vault;
  readonly clock: { now(): number };
}): TaskWork {
  const { roster, vault, clock } = deps;

  const copyOf = ({ state: { sealed, fingerprint, masked } }: KeyRow) =>
    vault.isCurrent(sealed)
      ? { sealed, fingerprint, masked }
      : spooledKey(vault, vault.open(sealed));

  return {
    step: async (task) => {
      const { id, poolId, actor, position, input } = task;
      if (poolId === null || !isCopy.Check(input)) throw new Error('a copy is unreadable');
      const { keys, next } = await keysInOrder(roster.list, {
        poolId: input.from_pool,
        filter: { upToSeq: input.up_to_seq },
        behindSeq: position,
        limit: addedKeys,
      });
      const copies = keys
        .filter(({ state }) => input.keys === 'all' || state.status === 'active')
        .map((row) => ({ note: row.state.note, key: { ...copyOf(row), id: newId(), taskId: id } }));
      const fingerprints = knownBy(copies.map(({ key }) => key));
      const reach = { adds: { poolId, fingerprints }, step: task };
      const written = await roster.ledger.write(reach, (unit) => {
        const nowMs = clock.now();
        const origin = { cause: id, actor };
        const counts = { added: 0, duplicates: 0 };
        for (const { key, note } of copies) {
          const what = unit.add(key, { ...origin, nowMs });
          if (what === 'duplicate') {
            counts.duplicates += 1;
            continue;
          }
          counts.added += 1;
          unit.apply(key.id, { kind: 'note', note, nowMs }, origin);
        }
        unit.progress({
          position: next ?? position,
          processed: task.processed + keys.length,
          result: raise(task.result, counts),
        });
        return next === null ? 'done' : 'more';
      });
      return stepOf(written);
    },
  };
}
