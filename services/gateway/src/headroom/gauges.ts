import type { RingKey } from '../key-ring/ring-key.ts';
import type { Reading } from './reading.ts';

/** Keys of one generation; there are two. */
const generationKeys = 10_000;
/** Models whose reading is kept of one key. */
const maxModels = 8;

/** The last reading of a key for a model. */
export interface Gauge {
  readonly key: RingKey;
  readonly group: string;
  readonly model: string;
  reading: Reading;
  /** Waits to be told to others. */
  changed: boolean;
}

/** The readings of the keys that were used last, in bounded memory. */
export class Gauges {
  #young = new Map<RingKey, Gauge[]>();
  #old = new Map<RingKey, Gauge[]>();

  find(key: RingKey, model: string): Gauge | undefined {
    const all = this.#young.get(key) ?? this.#old.get(key);
    if (all === undefined) return undefined;
    for (const gauge of all) if (gauge.model === model) return gauge;
    return undefined;
  }

  add(gauge: Gauge): void {
    let all = this.#young.get(gauge.key);
    if (all === undefined) {
      all = this.#old.get(gauge.key) ?? [];
      if (this.#young.size >= generationKeys) {
        this.#old = this.#young;
        this.#young = new Map();
      }
      this.#young.set(gauge.key, all);
    }
    if (all.length >= maxModels) all.shift();
    all.push(gauge);
  }
}
