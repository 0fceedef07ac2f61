/** One connection's place among the idle ones; made once for its life. */
export interface IdleEntry {
  /** Ends the connection. */
  readonly end: () => void;
  older: IdleEntry | null;
  newer: IdleEntry | null;
  listed: boolean;
}

/** All idle connections of an outbound, so that their number has one bound. */
export interface IdleRegister {
  /** Ends the one that is idle for the longest time when there are more than `max` with this one. */
  add(entry: IdleEntry, max: number): void;
  remove(entry: IdleEntry): void;
}

/** An entry that is in no register yet. */
export function newIdleEntry(end: () => void): IdleEntry {
  return { end, older: null, newer: null, listed: false };
}

/**
 * Makes an empty register: a list that connections enter and leave with each request, so its links
 * are their own (a Map would build a new table every few requests).
 */
export function createIdleRegister(): IdleRegister {
  let oldest: IdleEntry | null = null;
  let newest: IdleEntry | null = null;
  let size = 0;

  function remove(entry: IdleEntry): void {
    if (!entry.listed) return;
    const { older, newer } = entry;
    if (older === null) oldest = newer;
    else older.newer = newer;
    if (newer === null) newest = older;
    else newer.older = older;
    entry.older = null;
    entry.newer = null;
    entry.listed = false;
    size -= 1;
  }

  return {
    add(entry, max) {
      remove(entry);
      entry.older = newest;
      if (newest === null) oldest = entry;
      else newest.newer = entry;
      newest = entry;
      entry.listed = true;
      size += 1;
      if (size <= max || oldest === null) return;
      const first = oldest;
      remove(first);
      first.end();
    },
    remove,
  };
}
