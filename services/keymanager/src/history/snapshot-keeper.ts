import type { EventStore } from '@keymux/event-store';
import type { Clock, Logger } from '@keymux/service';
import type { KeySnapshots } from '../key-snapshots/key-snapshots.ts';
import { everyEvents, readKeyThen } from './key-then.ts';

/** Takes snapshots of keys while their lives grow long. */
export interface SnapshotKeeper {
  /** Hears of which version a key is now. */
  changed(id: string, version: number): void;
  /** Hears that a key is gone. */
  deleted(id: string): void;
  /** Resolves when nothing is written any more. */
  stop(): Promise<void>;
}

/** Makes one, so that no reader of the past has to fold a long life whole. */
export function createSnapshotKeeper({
  store,
  snapshots,
  clock,
  log,
}: {
  readonly store: Pick<EventStore, 'read'>;
  readonly snapshots: KeySnapshots;
  readonly clock: Clock;
  readonly log: Logger;
}): SnapshotKeeper {
  /** Keys with long lives: at which version each was read last. */
  const versions = new Map<string, number>();
  let working: Promise<unknown> = Promise.resolve();
  let stopped = false;

  async function take(id: string): Promise<void> {
    if (stopped) return;
    try {
      await readKeyThen({ store, snapshots }, id, clock.now());
    } catch (error) {
      log.warn({ err: error, key_id: id }, 'no snapshot of a key could be taken: the next one may');
    }
  }

  return {
    changed(id, version) {
      if (stopped || version - (versions.get(id) ?? 0) < everyEvents) return;
      versions.set(id, version);
      working = working.then(() => take(id));
    },
    deleted: (id) => void versions.delete(id),
    async stop() {
      stopped = true;
      await working;
    },
  };
}
