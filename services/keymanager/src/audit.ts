import type { EventStore } from '@keymux/event-store';
import { type Clock, newId } from '@keymux/service';

/** What people did with secrets, for whoever has to know later. */
export interface Audit {
  /** Resolves when it is kept; only then may the secret be shown. */
  record(entry: {
    readonly type: 'KeyRevealed' | 'KeysExported';
    readonly actor: string;
    readonly data: Readonly<Record<string, unknown>>;
  }): Promise<void>;
}

const stream = 'audit';
const maxTries = 5;

/** The audit as a stream of events. */
export function createAudit({
  store,
  clock,
}: {
  readonly store: Pick<EventStore, 'append' | 'read'>;
  readonly clock: Clock;
}): Audit {
  let version = 0;
  return {
    record: async ({ type, actor, data }) => {
      const event = { id: newId(), type, time: new Date(clock.now()).toISOString(), actor, data };
      for (let each = 0; each < maxTries; each += 1) {
        const appended = await store.append([
          { stream, expectedVersion: version, events: [event] },
        ]);
        if (appended.kind === 'appended') {
          version += 1;
          return;
        }
        version = (await store.read(stream, version + 1)).at(-1)?.version ?? version;
      }
      throw new Error(`the audit changed ${maxTries} times meanwhile`);
    },
  };
}
