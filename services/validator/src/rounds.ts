import type { Bus, Calls } from '@keymux/bus';
import type { KeyChecked } from '@keymux/contracts';
import { messageTypes, subjects } from '@keymux/contracts';
import { newId, type Clock, type Logger } from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Lease } from './lease.ts';
import type { LiveConfig } from './live-config/live-config.ts';
import { dueBeforeMs, lookAround, type Schedule } from './schedule.ts';

const pageSize = 200;
/** What one round of a group probes at most; the rest waits for the next look at the group. */
const maxKeysPerRound = 10_000;
const leaseName = 'validator-schedule';

/** A key that a round was given. */
export interface DueKey {
  readonly id: string;
  readonly sealed: string;
}

/** Parts of the rounds. */
export interface RoundsDeps {
  readonly bus: Bus;
  readonly calls: Calls;
  readonly config: LiveConfig;
  readonly lease: Lease;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  readonly tickMs: number;
  /** Probes a key; null when it was stopped before it had a result. */
  readonly check: (group: string, key: DueKey, signal: AbortSignal) => Promise<KeyChecked | null>;
}

/** Probes blacklisted keys when they are due, each group in a round of its own that never overlaps with itself. */
export class Rounds {
  readonly #deps: RoundsDeps;
  readonly #isPage = Compile(
    Type.Object({ keys: Type.Array(Type.Object({ id: Type.String(), sealed: Type.String() })) }),
  );
  readonly #running = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  #schedule: Schedule = new Map();
  #timer: NodeJS.Timeout | undefined;
  #tick: Promise<void> = Promise.resolve();

  constructor(deps: RoundsDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#tick = this.#look();
    }, this.#deps.tickMs);
  }

  /** Ends running probes; resolves when nothing works any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#tick;
    await Promise.all(this.#running.values());
    await this.#deps.lease.release(leaseName);
  }

  async #look(): Promise<void> {
    const { config, lease, clock, random, tickMs } = this.#deps;
    if (!config.loaded || !(await lease.acquire(leaseName, tickMs * 3))) return;
    if (this.#stop.signal.aborted) return;
    const groups = config
      .groups()
      .filter(({ group }) => group.type === 'standard' && group.enabled)
      .map(({ group, settings }) => ({ name: group.name, intervalMs: settings.intervalMs }));
    const { due, schedule } = lookAround(this.#schedule, groups, { nowMs: clock.now(), random });
    this.#schedule = schedule;
    for (const name of due) if (!this.#running.has(name)) this.#begin(name);
  }

  #begin(name: string): void {
    const round = this.#round(name)
      .catch((error: unknown) => {
        this.#deps.log.warn({ err: error, group: name }, 'a round of probes was cut short');
      })
      .finally(() => this.#running.delete(name));
    this.#running.set(name, round);
  }

  async #round(name: string): Promise<void> {
    const { calls, config, clock } = this.#deps;
    const { signal } = this.#stop;
    // A key stays due when its result was not taken; within a round it is not probed again.
    const probed = new Set<string>();
    while (!signal.aborted && probed.size < maxKeysPerRound) {
      const live = config.group(name);
      if (live === undefined || !live.group.enabled || live.group.upstreams.length === 0) return;
      const { intervalMs, concurrency } = live.settings;
      const page = await calls.call('keys.due', {
        group: name,
        before_ms: dueBeforeMs(clock.now(), intervalMs),
        limit: pageSize,
      });
      if (!this.#isPage.Check(page)) throw new Error('the answer to keys.due is unreadable');
      const keys = page.keys.filter(({ id }) => !probed.has(id));
      if (keys.length === 0) return;
      for (const { id } of keys) probed.add(id);
      await eachAtMost(concurrency, keys, (key) => this.#checkAndTell(name, key));
    }
  }

  async #checkAndTell(group: string, key: DueKey): Promise<void> {
    const { bus, check, log } = this.#deps;
    const { signal } = this.#stop;
    const data = signal.aborted ? null : await check(group, key, signal);
    if (data === null) return;
    const message = {
      id: newId(),
      type: messageTypes.keyChecked,
      version: 1,
      time: data.at,
      source: 'validator',
      subject: subjects.keyCheck(group),
      data,
    };
    // Not waited for by a stop: an unheard result is found due again after the restart.
    await Promise.race([bus.publish('KEY_CHECKS', message), whenAborted(signal)]).catch(
      (error: unknown) => {
        log.warn({ err: error, group, key_id: key.id }, 'the result of a probe was not taken');
      },
    );
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Works on `items`, on at most `most` at the same time. */
async function eachAtMost<T>(
  most: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
}
