import { add, type Dimension, noCounts, type Rollup, type Sum } from './rollup.ts';

/** Adds rollups up by point and dimension, on and on. */
export class Sums {
  readonly #asked: { fromMs: number; stepMs: number | null; by: Dimension; group?: string };
  readonly #byKey = new Map<string, Sum>();

  constructor(asked: {
    readonly fromMs: number;
    /** Width of a point; null sums all into one that starts at `fromMs`. */
    readonly stepMs: number | null;
    readonly by: Dimension;
    readonly group?: string;
  }) {
    this.#asked = asked;
  }

  add(rollup: Rollup): void {
    const { fromMs, stepMs, group } = this.#asked;
    if (group !== undefined && rollup.group !== group && rollup.aggregate !== group) return;
    const startMs = stepMs === null ? fromMs : Math.floor(rollup.startMs / stepMs) * stepMs;
    const name = this.#nameOf(rollup);
    const key = `${startMs} ${name}`;
    let sum = this.#byKey.get(key);
    if (sum === undefined) {
      sum = { startMs, name, ...noCounts() };
      this.#byKey.set(key, sum);
    }
    add(sum, rollup);
  }

  all(): Sum[] {
    return [...this.#byKey.values()];
  }

  // A request counts once: for the group that was asked, unless one is looked at.
  #nameOf(rollup: Rollup): string {
    const { by, group } = this.#asked;
    switch (by) {
      case 'none':
        return '';
      case 'group':
        return group ?? rollup.aggregate ?? rollup.group;
      case 'model':
        return rollup.model ?? '';
      case 'status':
        return String(rollup.status);
      default:
        return by satisfies never;
    }
  }
}
