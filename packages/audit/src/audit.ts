import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditEntry, AuditType } from '@keymux/contracts';
import {
  type Appended,
  type EventStore,
  readNewestFirst,
  type StoredEvent,
  type StreamAppend,
  TooManyConflicts,
} from '@keymux/event-store';
import { type Clock, newId } from '@keymux/service';
import { chain, chainStart } from './chain.ts';

/** What is to be kept; never a secret. */
export interface NewAuditEntry {
  readonly type: AuditType;
  readonly actor: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A page of the audit, newest first; `next` is the version to go on before. */
export interface AuditPage {
  readonly items: readonly AuditEntry[];
  readonly next: number | null;
  readonly total: number;
}

/** What people did, for whoever has to know later: one chain, whoever writes it. */
export interface Audit {
  /** Resolves when it is kept; only then may a secret be shown. */
  record(entry: NewAuditEntry): Promise<void>;
  /** Keeps an entry together with what it is about, or neither; a refusal is about the latter. */
  append(entry: NewAuditEntry, about: readonly StreamAppend[]): Promise<Appended>;
  page(before: number | null, limit: number): Promise<AuditPage>;
}

/** The stream of all entries. */
export const auditStream = 'audit';
const maxTries = 100;
const longestPauseMs = 10;

/** The audit over an event store; several writers take turns through its versions. */
export function createAudit({
  store,
  clock,
}: {
  readonly store: Pick<EventStore, 'append' | 'read' | 'newest'>;
  readonly clock: Clock;
}): Audit {
  let version = 0;
  let head = chainStart;
  let last: Promise<unknown> = Promise.resolve();

  async function catchUp(): Promise<void> {
    const newest = await store.newest(auditStream);
    if (newest === undefined || newest.version <= version) return;
    version = newest.version;
    head = String(newest.data['hash']);
  }

  async function write(entry: NewAuditEntry, about: readonly StreamAppend[]): Promise<Appended> {
    const event = { id: newId(), time: new Date(clock.now()).toISOString(), ...entry };
    if (version === 0) await catchUp();
    for (let each = 0; each < maxTries; each += 1) {
      const chained = chain(head, event);
      const appended = await store.append([
        ...about,
        { stream: auditStream, expectedVersion: version, events: [chained] },
      ]);
      if (appended.kind === 'appended') {
        version += 1;
        head = chained.data.hash;
        return appended;
      }
      if (appended.stream !== auditStream) return appended;
      // Without a pause, writers in step could take the version from each other again and again.
      await sleep(Math.random() * Math.min(each, longestPauseMs));
      await catchUp();
    }
    throw new TooManyConflicts(`the audit changed ${maxTries} times meanwhile`);
  }

  function append(entry: NewAuditEntry, about: readonly StreamAppend[]): Promise<Appended> {
    const turn = last.then(() => write(entry, about));
    last = turn.catch(() => undefined);
    return turn;
  }

  return {
    append,
    record: async (entry) => {
      const appended = await append(entry, []);
      if (appended.kind !== 'appended') throw new Error(`an audit entry was a ${appended.kind}`);
    },
    page: async (before, limit) => {
      const { events, next, total } = await readNewestFirst(store, auditStream, { before, limit });
      return { items: events.map(toEntry), next, total };
    },
  };
}

function toEntry({ version, id, type, time, actor, data }: StoredEvent): AuditEntry {
  const { prev: _prev, hash, ...said } = data;
  return { version, id, type, time, actor, data: said, hash: String(hash) };
}
