/** All idle connections of an outbound, so that their number has one bound. */
export interface IdleRegister {
  /** Ends the one that is idle for the longest time when there are more than `max` with this one. */
  add(connection: object, max: number, end: () => void): void;
  remove(connection: object): void;
}

/** Makes an empty register. */
export function createIdleRegister(): IdleRegister {
  // A Map keeps the order in which they became idle.
  const ends = new Map<object, () => void>();
  return {
    add(connection, max, end) {
      ends.set(connection, end);
      if (ends.size <= max) return;
      for (const [oldest, endOldest] of ends) {
        ends.delete(oldest);
        endOldest();
        return;
      }
    },
    remove(connection) {
      ends.delete(connection);
    },
  };
}
