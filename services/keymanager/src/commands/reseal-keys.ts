import { setTimeout as sleep } from 'node:timers/promises';
import { type EventStore, rewriteEvents } from '@keymux/event-store';
import { type Clock } from '@keymux/service';
import { resealData, type Vault } from '@keymux/vault';
import { keyOfStream } from '../key/stored-fact.ts';
import { stepOf } from '../roster/ledger.ts';
import type { Roster } from '../roster/roster.ts';
import { raise, type TaskRecord } from '../tasks/task-record.ts';
import type { Stepped, TaskWork } from '../tasks/task-work.ts';
import type { TaskStore } from '../tasks/task-store.ts';

const batchKeys = 500;
const batchEvents = 1_000;
const waitMs = 200;

export interface ResealDeps {
  readonly roster: Pick<Roster, 'ledger' | 'keys'>;
  readonly store: EventStore;
  readonly tasks: TaskStore;
  /** Opens what the previous key sealed. */
  readonly vault: Vault;
  readonly clock: Clock;
}

/** The keys that a re-encryption is about, by the names that seals have for them. */
interface ResealKeys {
  readonly from: string | null;
  readonly to: string | null;
}

/** The input of a re-encryption from the previous key to the current one. */
export const resealInput = ({ keyId, previousKeyId }: Vault): ResealKeys => ({
  from: previousKeyId ?? null,
  to: keyId,
});

function keysOf({ input }: TaskRecord): ResealKeys {
  const { from, to }: Record<string, unknown> = { ...Object(input) };
  const name = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return { from: name(from), to: name(to) };
}

/**
 * Whether this keymanager may work on a re-encryption. One that has another current key would pass over
 * what that sealed as current, and one without the previous key over events that it does not know.
 */
export function isOurReseal(vault: Vault, task: TaskRecord): boolean {
  const [its, ours] = [keysOf(task), resealInput(vault)];
  return its.to === ours.to && its.from === ours.from;
}

/** Whether a re-encryption is undone by one from the previous key to the current one. One of a release that named no keys is, too. */
export function isOverruled(vault: Vault, task: TaskRecord): boolean {
  const { to } = keysOf(task);
  return to === null || to === vault.previousKeyId;
}

/**
 * Makes the work of a re-encryption: once older uploads are in, first every key, so that nobody needs the old encryption key
 * any more, then every event that still holds what the old one sealed. `position` is the number of
 * the last key, then the position of the last event.
 */
export function createResealWork(deps: ResealDeps): TaskWork {
  const { tasks, vault } = deps;
  return {
    isOurs: (task) => isOurReseal(vault, task),
    step: async (task, signal) => {
      if (task.result['stage'] === 'events') return resealEvents(deps, task);
      if (task.position > 0 || !(await isUploadWaiting(tasks, task))) return resealKeys(deps, task);
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      return 'more';
    },
  };
}

// It may be sealed under the old key, and so may keys of it that a keymanager left half in the store.
async function isUploadWaiting(tasks: TaskStore, task: TaskRecord): Promise<boolean> {
  const unfinished = await tasks.unfinished();
  return unfinished.some(({ kind, seq }) => kind === 'import' && seq < task.seq);
}

function underCurrentKey(vault: Vault, stale: string): { sealed: string; fingerprint: string } {
  const secret = vault.open(stale);
  return { sealed: vault.seal(secret), fingerprint: vault.fingerprint(secret) };
}

async function resealKeys(deps: ResealDeps, task: TaskRecord): Promise<Stepped> {
  const { roster, vault, clock } = deps;
  const rows = await roster.keys.after(task.position, batchKeys);
  const renewed = new Map(
    rows.flatMap(({ id, state: { sealed } }) =>
      vault.isCurrent(sealed) ? [] : [[id, underCurrentKey(vault, sealed)] as const],
    ),
  );
  const keyIds = [...renewed.keys()];
  const newFingerprints = new Map(
    Array.from(renewed, ([id, { fingerprint }]) => [id, fingerprint]),
  );
  const written = await roster.ledger.write({ keyIds, newFingerprints, step: task }, (unit) => {
    let [resealed, duplicates] = [0, 0];
    const origin = { cause: task.id, actor: task.actor };
    const nowMs = clock.now();
    for (const [id, seal] of renewed) {
      const row = unit.find(id);
      if (row === undefined || vault.isCurrent(row.state.sealed)) continue;
      // A keymanager that has the old key alone imports a secret again: it does not know its new fingerprint.
      if (unit.isDuplicate(id)) {
        unit.apply(id, { kind: 'delete', nowMs }, origin);
        duplicates += 1;
      } else {
        unit.apply(id, { kind: 'reseal', ...seal, nowMs }, origin);
        resealed += 1;
      }
    }
    const result = raise(task.result, { resealed, ...(duplicates > 0 && { duplicates }) });
    const processed = task.processed + rows.length;
    const last = rows.at(-1);
    unit.progress(
      last === undefined || rows.length < batchKeys
        ? { position: 0, processed, result: { ...result, stage: 'events' } }
        : { position: last.seq, processed, result },
    );
  });
  stepOf(written);
  return 'more';
}

async function resealEvents(
  { store, vault, tasks }: ResealDeps,
  task: TaskRecord,
): Promise<Stepped> {
  const page = { after: task.position, limit: batchEvents };
  const { seen, rewritten, next } = await rewriteEvents(store, page, ({ stream, data }) =>
    keyOfStream(stream) === undefined ? null : resealData(vault, data),
  );
  if (next !== null || seen > 0) {
    await tasks.progress(task, {
      position: next ?? task.position,
      processed: task.processed + seen,
      result: raise(task.result, { events: rewritten }),
    });
  }
  return next === null ? 'done' : 'more';
}
