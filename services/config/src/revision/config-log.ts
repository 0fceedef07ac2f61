import { isDeepStrictEqual } from 'node:util';
import type { Audit } from '@keymux/audit';
import type { ConfigEvent, Revision } from '@keymux/contracts';
import type { EventStore, StoredEvent } from '@keymux/event-store';
import { type Clock, newId, type Problem, problem } from '@keymux/service';
import type { Decision, UnnumberedEvent } from './decision.ts';
import { type ConfigState, evolve, initialState } from './state.ts';
import { aboutOf, readConfigEvent, toRevision } from './stored-event.ts';

/** One stream for the whole config: its versions are the revisions, gap-free by the store's promise. */
const stream = 'config';
const maxTries = 5;

/** A change that was made; `event` is null when there was nothing to change. */
export interface Change {
  readonly kind: 'changed';
  readonly before: ConfigState;
  readonly state: ConfigState;
  readonly event: ConfigEvent | null;
}

/** The config and its history; changes are decided one after the other. */
export class ConfigLog {
  readonly #store: EventStore;
  readonly #audit: Pick<Audit, 'append'>;
  readonly #clock: Clock;
  readonly #changed: (change: Change) => void;
  #state = initialState;
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: {
    store: EventStore;
    audit: Pick<Audit, 'append'>;
    clock: Clock;
    changed: (change: Change) => void;
  }) {
    this.#store = deps.store;
    this.#audit = deps.audit;
    this.#clock = deps.clock;
    this.#changed = deps.changed;
  }

  get state(): ConfigState {
    return this.#state;
  }

  /** Folds what was stored since the last load. */
  async load(): Promise<void> {
    this.#state = await this.#loaded(this.#state);
  }

  /** Decides on the newest state and keeps the event; callers take turns. */
  change(actor: string, decide: (state: ConfigState) => Decision): Promise<Change | Problem> {
    const turn = this.#last.then(() => this.#decideAndAppend(actor, decide));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Decides on the newest state and keeps nothing: what a change would do. */
  preview(decide: (state: ConfigState) => Decision): Promise<Change | Problem> {
    const turn = this.#last.then(async () => {
      await this.load();
      const before = this.#state;
      const decision = decide(before);
      if (decision === null)
        return { kind: 'changed' as const, before, state: before, event: null };
      return decision.kind === 'problem' ? decision : this.#evolved(before, decision);
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** The config as it was at a revision; undefined when there is no such revision yet. */
  async stateAt(revision: number): Promise<ConfigState | undefined> {
    const events = await this.#store.read(stream, { limit: revision });
    if (events.length < revision) return undefined;
    return events.reduce(
      (state, { type, data, time }) => evolve(state, readConfigEvent(type, data), time),
      initialState,
    );
  }

  /**
   * Rewrites what the history keeps sealed, as `reseal` gives it (null: as it is), and folds it anew.
   * Changes wait for it. Resolves with how many events were rewritten.
   */
  reseal(reseal: (data: StoredEvent['data']) => StoredEvent['data'] | null): Promise<number> {
    const turn = this.#last.then(() => this.#reseal(reseal));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Folds the whole history anew; changes wait for it. Resolves with whether the state was another. */
  rebuild(): Promise<boolean> {
    const turn = this.#last.then(async () => {
      // What others wrote is no difference.
      await this.load();
      const before = this.#state;
      this.#state = await this.#loaded(initialState);
      return !isDeepStrictEqual(this.#state, before);
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves when every change that was asked for is decided. */
  async settled(): Promise<void> {
    await this.#last;
  }

  /** Changes before a revision, newest first. */
  async revisions(before: number, limit: number): Promise<Revision[]> {
    const from = Math.max(1, before - limit);
    if (before <= from) return [];
    return (await this.#store.read(stream, { from, limit: before - from }))
      .toReversed()
      .map(toRevision);
  }

  async #reseal(reseal: Parameters<ConfigLog['reseal']>[0]): Promise<number> {
    const changes = (await this.#store.read(stream)).flatMap(({ position, data }) => {
      const resealed = reseal(data);
      return resealed === null ? [] : [{ position, data: resealed }];
    });
    if (changes.length === 0) return 0;
    await this.#store.rewrite(changes);
    this.#state = await this.#loaded(initialState);
    return changes.length;
  }

  async #loaded(from: ConfigState): Promise<ConfigState> {
    let state = from;
    for (const stored of await this.#store.read(stream, { from: from.revision + 1 })) {
      state = evolve(state, readConfigEvent(stored.type, stored.data), stored.time);
    }
    return state;
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
      const change = this.#evolved(before, decision);
      const { event, time } = change;
      const { subject } = aboutOf(event);
      const { revision } = event.data;
      const type = event.type === 'ConfigRestored' ? event.type : 'ConfigChanged';
      const appended = await this.#audit.append(
        { type, actor, data: { revision, change: event.type, subject } },
        [
          {
            stream,
            expectedVersion: before.revision,
            events: [{ id: newId(), type: event.type, time, actor, data: event.data }],
          },
        ],
      );
      if (appended.kind !== 'appended') {
        // Another writer was first: fold what it did, decide again.
        await this.load();
        continue;
      }
      this.#state = change.state;
      this.#changed(change);
      return change;
    }
    return problem('conflict', { detail: 'Others keep changing the config; try again.' });
  }

  #evolved(
    before: ConfigState,
    { type, data }: UnnumberedEvent,
  ): Change & { event: ConfigEvent; time: string } {
    const time = new Date(this.#clock.now()).toISOString();
    const event = readConfigEvent(type, { revision: before.revision + 1, ...data });
    return { kind: 'changed', before, state: evolve(before, event, time), event, time };
  }
}
