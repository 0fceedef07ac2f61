import type { Clock } from '@keymux/service';
import type { LiveStandardGroup } from '../live-config/live-group.ts';
import type { RingKey } from '../key-ring/ring-key.ts';
import { Gauges, type Gauge } from './gauges.ts';
import { nearlyDryUntilMs } from './nearly-dry.ts';
import { type Reading, readHeadroom } from './reading.ts';

/** Gauges that wait to be told; more are told when their key is used again. */
const maxChanged = 10_000;

/** A key and the group that it is used for. */
export interface UsedKey {
  readonly key: RingKey;
  readonly group: LiveStandardGroup;
}

/** Knows from rate-limit headers what remains of keys, and spares those that are nearly used up. */
export class Headroom {
  readonly #clock: Clock;
  readonly #gauges = new Gauges();
  #changed: Gauge[] = [];

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /** A request goes out; whoever calls takes it from `unanswered` when its answer is there or never will be. */
  asked({ key, group }: UsedKey, model: string | null): void {
    key.unanswered += 1;
    if (model === null || !group.settings.headroom) return;
    const gauge = this.#gauges.find(key, model);
    if (gauge === undefined) return;
    const { unanswered } = key;
    const untilMs = nearlyDryUntilMs(gauge.reading, { unanswered, nowMs: this.#clock.now() });
    if (untilMs !== null) group.pool.spare(key, model, untilMs);
  }

  /** An answer with headers that tell of limits (lower-case names and values in turn). */
  answered(used: UsedKey, model: string | null, rateLimits: readonly string[]): void {
    if (model === null || !used.group.settings.headroom) return;
    const reading = readHeadroom(rateLimits, this.#clock.now());
    if (reading === null) return;
    const gauge = this.#take(used, model, reading);
    if (gauge.changed || this.#changed.length >= maxChanged) return;
    gauge.changed = true;
    this.#changed.push(gauge);
  }

  /** What another gateway read; older than what is known it is passed by. */
  heard(used: UsedKey, model: string, reading: Reading): void {
    const known = this.#gauges.find(used.key, model);
    if (known !== undefined && known.reading.atMs >= reading.atMs) return;
    this.#take(used, model, reading);
  }

  /** Takes the gauges that changed, those that wait longest first, at most so many. */
  takeChanged(count: number): readonly Gauge[] {
    const taken = this.#changed.slice(0, count);
    this.#changed = this.#changed.slice(count);
    for (const gauge of taken) gauge.changed = false;
    return taken;
  }

  #take({ key, group }: UsedKey, model: string, reading: Reading): Gauge {
    let gauge = this.#gauges.find(key, model);
    if (gauge === undefined) {
      gauge = { key, group: group.name, model, reading, changed: false };
      this.#gauges.add(gauge);
    } else gauge.reading = reading;
    const { unanswered } = key;
    const untilMs = nearlyDryUntilMs(reading, { unanswered, nowMs: this.#clock.now() });
    if (untilMs === null) group.pool.unspare(key, model);
    else group.pool.spare(key, model, untilMs);
    return gauge;
  }
}
