import { setImmediate as nextTurn } from 'node:timers/promises';

/** Lets whoever else works in this process have a turn when there was none for a while. */
export type Pace = () => Promise<void>;

/** Makes one for one long work. */
export function createPace(longestMs = 15): Pace {
  let lastMs = performance.now();
  return async () => {
    if (performance.now() - lastMs < longestMs) return;
    await nextTurn();
    lastMs = performance.now();
  };
}
