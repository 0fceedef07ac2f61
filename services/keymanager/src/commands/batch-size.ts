/** Keys in one write: a few dozen milliseconds, during which nothing else is served. */
export const batchKeys = 1_000;
/** Keys that one write adds; that is quicker than to change them. */
export const addedKeys = 2_000;
