/** A fact to be kept. Its id is unique over the store: appending it again is seen as a duplicate. */
export interface NewEvent {
  readonly id: string;
  readonly type: string;
  /** ISO 8601 */
  readonly time: string;
  readonly actor: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A kept fact. Versions count from 1 without a gap in each stream; positions grow over all. */
export interface StoredEvent extends NewEvent {
  readonly stream: string;
  readonly version: number;
  readonly position: number;
}

/** What one stream gets in an append; `expectedVersion` is that of its last event, 0 for none. */
export interface StreamAppend {
  readonly stream: string;
  readonly expectedVersion: number;
  readonly events: readonly NewEvent[];
}

export type Appended =
  /** `position` is that of the last event. */
  | { readonly kind: 'appended'; readonly position: number }
  | { readonly kind: 'conflict'; readonly stream: string }
  | { readonly kind: 'duplicate'; readonly stream: string; readonly id: string };

/** Of which events of a stream is asked; all of them when nothing is said. */
export interface StreamPart {
  /** The first version that counts. */
  readonly from?: number;
  /** Most events, of those that count. */
  readonly limit?: number;
  /** Types that count: the others are not even read. */
  readonly types?: readonly string[];
}

/** Keeps events for ever, in streams. */
export interface EventStore {
  /** All or nothing. */
  append(batch: readonly StreamAppend[]): Promise<Appended>;
  /** Events of a stream, oldest first. */
  read(stream: string, part?: StreamPart): Promise<StoredEvent[]>;
  /** The last event of a stream, undefined for one that there is not. */
  newest(stream: string): Promise<StoredEvent | undefined>;
  /** Events after a position, oldest first; with `until` (ISO 8601) only those that happened by then. */
  readAll(afterPosition: number, limit: number, until?: string): Promise<StoredEvent[]>;
  /**
   * Puts the same facts in other words: for secrets that are sealed anew, and nothing else. Ids,
   * versions and positions stay; a position that there is not is passed over. What was appended
   * together is changed together; after a failure it is to be repeated.
   */
  rewrite(changes: readonly Rewrite[]): Promise<void>;
}

/** The data that an event is to have from now on. */
export type Rewrite = Pick<StoredEvent, 'position' | 'data'>;

/** Other writers changed a stream again and again at the same time. */
export class TooManyConflicts extends Error {
  override readonly name = 'TooManyConflicts';
}
