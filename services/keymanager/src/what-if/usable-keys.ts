import { isLive, type KeyState, type Rest } from '../key/state.ts';

interface Expiry {
  readonly untilMs: number;
  readonly id: string;
}

/** How many keys of a pool can be used while its keys change and time goes on. */
export class UsableKeys {
  /** Keys of which nothing is known but that they are there. */
  #others: number;
  /** When more of those come, oldest last. */
  readonly #coming: number[];
  readonly #active = new Map<string, readonly Rest[]>();
  readonly #resting = new Set<string>();
  readonly #restingFor = new Map<string, Set<string>>();
  /** A binary heap, soonest first. */
  readonly #expiries: Expiry[] = [];
  readonly #samples: { atMs: number; usable: number }[] = [];
  readonly #sampleMs: number;
  #nextSampleMs: number;
  #nowMs: number;
  #withoutMs = 0;
  /** Before a pool has its first key, or somebody asks for one, that it has none is no outage. */
  #inUse = false;

  constructor(start: {
    readonly others: number;
    readonly coming: readonly number[];
    readonly fromMs: number;
    readonly sampleMs: number;
  }) {
    this.#others = start.others;
    this.#inUse = start.others > 0;
    this.#coming = start.coming.toSorted((a, b) => b - a);
    this.#nowMs = start.fromMs;
    this.#nextSampleMs = start.fromMs;
    this.#sampleMs = start.sampleMs;
  }

  /** Keys that can be used for some model at least. */
  get usable(): number {
    return this.#others + this.#active.size - this.#resting.size;
  }

  /** Whether a request for a model finds a key now. */
  has(model: string | null): boolean {
    if (this.usable === 0) return false;
    const resting = model === null ? undefined : this.#restingFor.get(model);
    if (resting === undefined || resting.size < this.usable) return true;
    const alsoWhole = [...resting].filter((id) => this.#resting.has(id)).length;
    return this.usable > resting.size - alsoWhole;
  }

  /** How long there was no usable key since the pool was in use, ms, and how many there were over time. */
  get history(): { withoutMs: number; samples: readonly { atMs: number; usable: number }[] } {
    return { withoutMs: this.#withoutMs, samples: this.#samples };
  }

  /** Somebody asked for a key: from now on it counts that there is none. */
  asked(): void {
    this.#inUse = true;
  }

  /** A key came to another state. */
  changed(id: string, state: KeyState): void {
    this.#forget(id);
    if (!isLive(state)) return;
    this.#inUse = true;
    if (state.status !== 'active') return;
    const rests = state.rests.filter(({ until_ms }) => until_ms > this.#nowMs);
    this.#active.set(id, rests);
    for (const { model, until_ms } of rests) {
      if (model === null) this.#resting.add(id);
      else this.#restingForModel(model).add(id);
      this.#push({ untilMs: until_ms, id });
    }
  }

  /** Time goes on: rests end, keys come. */
  advance(toMs: number): void {
    for (;;) {
      const expiry = this.#expiries[0]?.untilMs ?? Number.POSITIVE_INFINITY;
      const coming = this.#coming.at(-1) ?? Number.POSITIVE_INFINITY;
      const nextMs = Math.min(expiry, coming);
      if (nextMs > toMs) break;
      this.#moveTo(nextMs);
      if (coming === nextMs) {
        this.#coming.pop();
        this.#others += 1;
        this.#inUse = true;
      } else {
        const { id } = this.#pop();
        this.#expire(id);
      }
    }
    this.#moveTo(toMs);
  }

  #moveTo(atMs: number): void {
    if (atMs <= this.#nowMs) return;
    while (this.#nextSampleMs <= atMs) {
      this.#samples.push({ atMs: this.#nextSampleMs, usable: this.usable });
      this.#nextSampleMs += this.#sampleMs;
    }
    if (this.#inUse && this.usable === 0) this.#withoutMs += atMs - this.#nowMs;
    this.#nowMs = atMs;
  }

  #expire(id: string): void {
    const rests = this.#active.get(id);
    if (rests === undefined) return;
    const left = rests.filter(({ until_ms }) => until_ms > this.#nowMs);
    for (const { model, until_ms } of rests) {
      if (until_ms > this.#nowMs) continue;
      if (model === null) this.#resting.delete(id);
      else this.#restingFor.get(model)?.delete(id);
    }
    this.#active.set(id, left);
  }

  #forget(id: string): void {
    const rests = this.#active.get(id);
    if (rests === undefined) return;
    this.#active.delete(id);
    this.#resting.delete(id);
    for (const { model } of rests) if (model !== null) this.#restingFor.get(model)?.delete(id);
  }

  #restingForModel(model: string): Set<string> {
    let resting = this.#restingFor.get(model);
    if (resting === undefined) this.#restingFor.set(model, (resting = new Set()));
    return resting;
  }

  #push(expiry: Expiry): void {
    const heap = this.#expiries;
    heap.push(expiry);
    for (let at = heap.length - 1; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfSooner(at, parent)) return;
      at = parent;
    }
  }

  #pop(): Expiry {
    const heap = this.#expiries;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined) throw new Error('no rest is to end');
    if (heap.length === 0) return first;
    heap[0] = last;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const sooner = this.#untilMs(right) < this.#untilMs(left) ? right : left;
      if (!this.#swapIfSooner(sooner, at)) return first;
      at = sooner;
    }
  }

  #swapIfSooner(child: number, parent: number): boolean {
    const [a, b] = [this.#expiries[child], this.#expiries[parent]];
    if (a === undefined || b === undefined || a.untilMs >= b.untilMs) return false;
    this.#expiries[child] = b;
    this.#expiries[parent] = a;
    return true;
  }

  #untilMs(at: number): number {
    return this.#expiries[at]?.untilMs ?? Number.POSITIVE_INFINITY;
  }
}
