import type { EventStore, NewEvent, StoredEvent } from './event-store.ts';

/** An aggregate as three pure functions: what it is at first, what a command makes happen, what an event changes. */
export interface Decider<State, Command, Event> {
  readonly initialState: State;
  readonly decide: (state: State, command: Command) => readonly Event[];
  readonly evolve: (state: State, event: Event) => State;
}

const maxTries = 5;

/** Two writers changed a stream again and again at the same time. */
export class TooManyConflicts extends Error {
  override readonly name = 'TooManyConflicts';
}

/** How events of an aggregate are written to the store and read from it. */
export interface EventFormat<Event> {
  readonly toNew: (event: Event, at: number) => NewEvent;
  readonly fromStored: (event: StoredEvent) => Event;
}

/** Loads a stream, decides, appends; on a conflict loads and decides again, at most five times. */
export async function handleCommand<State, Command, Event>(
  store: EventStore,
  decider: Decider<State, Command, Event>,
  request: {
    readonly stream: string;
    readonly command: Command;
    readonly format: EventFormat<Event>;
  },
): Promise<{ state: State; version: number; events: readonly Event[] }> {
  const { stream, command, format } = request;
  for (let each = 0; each < maxTries; each += 1) {
    const history = await store.read(stream);
    const before = history.reduce(
      (state, event) => decider.evolve(state, format.fromStored(event)),
      decider.initialState,
    );
    const events = decider.decide(before, command);
    const state = events.reduce(decider.evolve, before);
    const version = history.length + events.length;
    if (events.length === 0) return { state, version, events };
    const appended = await store.append([
      { stream, expectedVersion: history.length, events: events.map(format.toNew) },
    ]);
    // A duplicate: this very command was handled before.
    if (appended.kind === 'duplicate')
      return { state: before, version: history.length, events: [] };
    if (appended.kind === 'appended') return { state, version, events };
  }
  throw new TooManyConflicts(`stream ${stream} changed ${maxTries} times meanwhile`);
}
