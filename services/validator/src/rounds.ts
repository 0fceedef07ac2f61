import type { Bus, Calls } from '@keymux/bus';
import type { KeyChecked } from '@keymux/contracts';
import { messageTypes, subjects } from '@keymux/contracts';
import { newId, type Clock, type Logger } from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { LiveConfig } from './live-config/live-config.ts';
import { dueBeforeMs, lookAround, type Schedule } from './schedule.ts';

const pageSize = 200;
/** What one round of a group probes at most; the rest waits for the next look at the group. */
const maxKeysPerRound = 10_000;

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
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  readonly tickMs: number;
  /** Probes a key; null when it was stopped before it had a result. */
  readonly check: (group: string, key: DueKey, signal: AbortSignal) => Promise<KeyChecked | null>;
}

/**
 * Probes blacklisted keys when they are due, each group in a round of its own that never overlaps with itself, for as
 * long as this instance may.
 */
export class Rounds {
  readonly #deps: RoundsDeps;
  readonly #isPage = Compile(
    Type.Object({ keys: Type.Array(Type.Object({ id: Type.String(), sealed: Type.String() })) }),
  );
  readonly #running = new Map<string, Promise<void>>();
  #schedule: Schedule = new Map();
  readonly #stopped = new AbortController();

  constructor(deps: RoundsDeps) {
    this.#deps = deps;
  }

  /** Looks at the schedule from now on, until `lost`; running probes end with it. */
  begin(lost: AbortSignal): void {
    // What was planned before is old: another instance may have kept the schedule since.
    this.#schedule = new Map();
    const stop = AbortSignal.any([lost, this.#stopped.signal]);
    const timer = setInterval(() => this.#look(stop), this.#deps.tickMs);
    stop.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  /** Ends running probes; resolves when nothing works any more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#running.values());
  }

  #look(stop: AbortSignal): void {
    const { config, clock, random } = this.#deps;
    if (!config.loaded) return;
    const groups = config
      .groups()
      .filter(({ group }) => group.type === 'standard' && group.enabled)
      .map(({ group, settings }) => ({ name: group.name, intervalMs: settings.intervalMs }));
    const { due, schedule } = lookAround(this.#schedule, groups, { nowMs: clock.now(), random });
    this.#schedule = schedule;
    for (const name of due) if (!this.#running.has(name)) this.#begin(name, stop);
  }

  #begin(name: string, stop: AbortSignal): void {
    const round = this.#round(name, stop)
      .catch((error: unknown) => {
        this.#deps.log.warn({ err: error, group: name }, 'a round of probes was cut short');
      })
      .finally(() => this.#running.delete(name));
    this.#running.set(name, round);
  }

  async #round(name: string, stop: AbortSignal): Promise<void> {
    const { calls, config, clock } = this.#deps;
    // A key stays due when its result was not taken; within a round it is not probed again.
    const probed = new Set<string>();
    while (!stop.aborted && probed.size < maxKeysPerRound) {
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
      await eachAtMost(concurrency, keys, (key) => this.#checkAndTell(name, key, stop));
    }
  }

  async #checkAndTell(group: string, key: DueKey, stop: AbortSignal): Promise<void> {
    const { bus, check, log } = this.#deps;
    const data = stop.aborted ? null : await check(group, key, stop);
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
    await Promise.race([bus.publish('KEY_CHECKS', message), whenAborted(stop)]).catch(
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
