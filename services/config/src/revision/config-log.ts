import {
  type ConfigEvent,
  configEventSchemas,
  type ConfigEventType,
  type Revision,
} from '@keymux/contracts';
import type { EventStore, StoredEvent } from '@keymux/event-store';
import { type Clock, newId, type Problem, problem } from '@keymux/service';
import { Compile } from 'typebox/compile';
import { type ConfigState, evolve, initialState } from './state.ts';

/** One stream for the whole config: its versions are the revisions, gap-free by the store's promise. */
const stream = 'config';
const maxTries = 5;

const checks = {
  GroupCreated: Compile(configEventSchemas.GroupCreated),
  GroupChanged: Compile(configEventSchemas.GroupChanged),
  GroupDeleted: Compile(configEventSchemas.GroupDeleted),
  SettingsChanged: Compile(configEventSchemas.SettingsChanged),
  GroupsOrdered: Compile(configEventSchemas.GroupsOrdered),
} as const;

/** What a command makes of a state: an event without its revision, nothing to do, or a refusal. */
export type Decision = UnnumberedEvent | Problem | null;
export type UnnumberedEvent = {
  [T in ConfigEventType]: {
    readonly kind: 'event';
    readonly type: T;
    readonly data: Omit<Extract<ConfigEvent, { type: T }>['data'], 'revision'>;
  };
}[ConfigEventType];

/** A change that was made. */
export interface Change {
  readonly kind: 'changed';
  readonly before: ConfigState;
  readonly state: ConfigState;
  readonly event: ConfigEvent | null;
}

/** The config and its history; changes are decided one after the other. */
export class ConfigLog {
  readonly #store: EventStore;
  readonly #clock: Clock;
  readonly #changed: (change: Change) => void;
  #state = initialState;
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: { store: EventStore; clock: Clock; changed: (change: Change) => void }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#changed = deps.changed;
  }

  get state(): ConfigState {
    return this.#state;
  }

  /** Folds what was stored since the last load. */
  async load(): Promise<void> {
    for (const stored of await this.#store.read(stream, this.#state.revision + 1)) {
      this.#state = evolve(this.#state, toConfigEvent(stored), stored.time);
    }
  }

  /** Decides on the newest state and keeps the event; callers take turns. */
  change(actor: string, decide: (state: ConfigState) => Decision): Promise<Change | Problem> {
    const turn = this.#last.then(() => this.#decideAndAppend(actor, decide));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Changes before a revision, newest first. */
  async revisions(before: number, limit: number): Promise<Revision[]> {
    const from = Math.max(1, before - limit);
    const events = await this.#store.read(stream, from);
    return events
      .filter(({ version }) => version < before)
      .toReversed()
      .map(toRevision);
  }

  async #decideAndAppend(
    actor: string,
    decide: (state: ConfigState) => Decision,
  ): Promise<Change | Problem> {
    for (let each = 0; each < maxTries; each += 1) {
      const before = this.#state;
      const decision = decide(before);
      if (decision === null) return { kind: 'changed', before, state: before, event: null };
      if (decision.kind === 'problem') return decision;
      const revision = before.revision + 1;
      const time = new Date(this.#clock.now()).toISOString();
      const data = { revision, ...decision.data };
      const appended = await this.#store.append([
        {
          stream,
          expectedVersion: before.revision,
          events: [{ id: newId(), type: decision.type, time, actor, data }],
        },
      ]);
      if (appended.kind !== 'appended') {
        await this.load();
        continue;
      }
      const event = parseEvent(decision.type, data);
      this.#state = evolve(before, event, time);
      const change: Change = { kind: 'changed', before, state: this.#state, event };
      this.#changed(change);
      return change;
    }
    return problem('conflict', { detail: 'Others keep changing the config; try again.' });
  }
}

function parseEvent(type: string, data: unknown): ConfigEvent {
  switch (type) {
    case 'GroupCreated':
      return { type, data: checks.GroupCreated.Parse(data) };
    case 'GroupChanged':
      return { type, data: checks.GroupChanged.Parse(data) };
    case 'GroupDeleted':
      return { type, data: checks.GroupDeleted.Parse(data) };
    case 'SettingsChanged':
      return { type, data: checks.SettingsChanged.Parse(data) };
    case 'GroupsOrdered':
      return { type, data: checks.GroupsOrdered.Parse(data) };
    default:
      throw new Error(`the config's history has an event of unknown type ${type}`);
  }
}

function toConfigEvent(stored: StoredEvent): ConfigEvent {
  return parseEvent(stored.type, stored.data);
}

function toRevision(stored: StoredEvent): Revision {
  const event = toConfigEvent(stored);
  const about = (): Pick<Revision, 'subject' | 'diff'> => {
    switch (event.type) {
      case 'GroupCreated':
        return { subject: event.data.group.name, diff: [] };
      case 'GroupChanged':
        return { subject: event.data.group.name, diff: event.data.diff };
      case 'GroupDeleted':
        return { subject: event.data.name, diff: [] };
      case 'SettingsChanged':
        return { subject: 'settings', diff: event.data.diff };
      case 'GroupsOrdered':
        return {
          subject: 'order',
          diff: [{ field: 'order', before: null, after: event.data.names }],
        };
    }
  };
  const { version, time, actor, type } = stored;
  return { revision: version, time, actor, type, ...about() };
}
