import { setFlagsFromString } from 'node:v8';

/**
 * How much a heap may grow before V8 marks all of it, in percent of what lived after the last time. V8 gives one
 * that idled now and then some 10 MB: under load a worker with 30 MB was marked twice in 6,000 requests.
 */
const growthPercent = 100;

/** Lets the heap of this process, all its threads, double between two collections. */
export function letHeapGrow(): void {
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`);
}
