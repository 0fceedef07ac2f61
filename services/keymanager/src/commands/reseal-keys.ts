import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, newId } from '@keymux/service';
import { type Vault } from '@keymux/vault';
import { onlyWritten } from '../roster/ledger.ts';
import type { Roster } from '../roster/roster.ts';
import type { Origin } from '../roster/unit.ts';
import { raise } from '../tasks/task-record.ts';
import type { TaskWork } from '../tasks/task-runner.ts';
import type { TaskStore } from '../tasks/task-store.ts';

const batchKeys = 500;

export interface ResealDeps {
  readonly roster: Pick<Roster, 'ledger' | 'keys'>;
  /** Opens what the previous key sealed. */
  readonly vault: Vault;
  readonly clock: Clock;
}

/** Where a re-encryption is; `after` is the number of the last key, null at the end. */
interface ResealedBatch {
  readonly seen: number;
  readonly resealed: number;
  readonly next: number | null;
}

async function resealBatch(
  { roster, vault, clock }: ResealDeps,
  after: number,
  { origin, done }: { origin: Origin; done: (batch: ResealedBatch) => void },
): Promise<ResealedBatch> {
  const written = await roster.ledger.write((unit) => {
    const rows = roster.keys.after(after, batchKeys);
    const stale = rows.filter((row) => !vault.isCurrent(row.state.sealed));
    for (const row of stale) {
      const secret = vault.open(row.state.sealed);
      const sealed = vault.seal(secret);
      const fingerprint = vault.fingerprint(secret);
      const nowMs = clock.now();
      unit.apply(row.id, { kind: 'reseal', sealed, fingerprint, nowMs }, origin);
    }
    const next = rows.length < batchKeys ? null : (rows.at(-1)?.seq ?? null);
    const batch = { seen: rows.length, resealed: stale.length, next };
    done(batch);
    return batch;
  });
  return onlyWritten(written);
}

/**
 * Seals every key anew that is not sealed under the vault's current key, while everything goes on;
 * called again after it was stopped, it goes on where keys are still sealed under the old one.
 * Resolves with how many it sealed. Throws a `VaultError` for a key that neither encryption key opens.
 */
export async function resealAll(
  deps: ResealDeps & { readonly actor: string; readonly signal?: AbortSignal },
): Promise<number> {
  const origin = { cause: newId(), actor: deps.actor };
  let resealed = 0;
  for (let after: number | null = 0; after !== null && deps.signal?.aborted !== true;) {
    const batch: ResealedBatch = await resealBatch(deps, after, { origin, done: () => {} });
    resealed += batch.resealed;
    after = batch.next;
    await nextTurn();
  }
  return resealed;
}

/** Makes the work of a re-encryption that runs as a task. `position` is the number of the last key. */
export function createResealWork(deps: ResealDeps & { readonly tasks: TaskStore }): TaskWork {
  return {
    step: async (task) => {
      const { id, actor, position } = task;
      const batch = await resealBatch(deps, position, {
        origin: { cause: id, actor },
        done: ({ seen, resealed, next }) =>
          deps.tasks.progress(id, {
            position: next ?? position,
            processed: task.processed + seen,
            result: raise(task.result, { resealed }),
          }),
      });
      return batch.next === null ? 'done' : 'more';
    },
  };
}
