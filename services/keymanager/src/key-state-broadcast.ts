import type { Bus } from '@keymux/bus';
import { type KeyStateChanged, messageTypes, subjects } from '@keymux/contracts';
import type { Clock, Logger } from '@keymux/service';

/** Tells gateways what changed, in the order of revisions. */
export interface KeyStateBroadcast {
  /** Resolves when all that waits is out; a bus that is away is tried again. */
  send(messages: readonly KeyStateChanged[]): Promise<void>;
  /** Resolves when what was sent is out, or the bus refused it. */
  stop(): Promise<void>;
}

/** What waits for a bus that is away; beyond it the oldest are dropped: gateways see the gap and read the pool anew. */
const maxWaiting = 1_000;
const retryMs = 500;

/** Publishes KEY_STATE one message after the other. */
export function createKeyStateBroadcast(deps: {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
}): KeyStateBroadcast {
  const { bus, clock, log } = deps;
  const waiting: KeyStateChanged[] = [];
  let draining: Promise<void> | undefined;
  let stopped = false;
  let wake: (() => void) | undefined;

  function publish(data: KeyStateChanged): Promise<void> {
    return bus.publish('KEY_STATE', {
      id: `${data.group}.${data.pool_revision}`,
      type: messageTypes.keyState,
      version: 1,
      time: new Date(clock.now()).toISOString(),
      source: 'keymanager',
      subject: subjects.keyState(data.group),
      data,
    });
  }

  async function drain(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        await publish(next);
      } catch (error) {
        if (stopped) return;
        log.warn({ err: error, group: next.group }, 'a key state was not published; trying again');
        waiting.unshift(next);
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = setTimeout(resolve, retryMs);
        wake = resolve;
        await promise;
        clearTimeout(timer);
      }
    }
  }

  return {
    send(messages) {
      waiting.push(...messages);
      if (waiting.length > maxWaiting) waiting.splice(0, waiting.length - maxWaiting);
      if (waiting.length === 0) return draining ?? Promise.resolve();
      draining ??= drain().finally(() => {
        draining = undefined;
      });
      return draining;
    },
    async stop() {
      stopped = true;
      wake?.();
      await draining;
    },
  };
}
