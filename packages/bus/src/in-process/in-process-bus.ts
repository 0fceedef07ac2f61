import { type StreamName, streamNames } from '@keymux/contracts';
import {
  type Bus,
  BusUnavailable,
  CallFailed,
  type Calls,
  type DeadLetters,
  type Message,
  type Subscription,
} from '../bus.ts';
import { WorkQueue } from './work-queue.ts';

export interface InProcessBusOptions {
  readonly deadLetters: DeadLetters;
  /** Told of followers that throw: a bug of theirs that harms no other. */
  readonly followerFailed: (error: unknown) => void;
  /** Most messages of a stream that wait or are in work. */
  readonly capacity?: number;
  readonly redeliveryMs?: (delivery: number) => number;
}

const workStreams: ReadonlySet<StreamName> = new Set([
  'KEY_OUTCOMES',
  'KEY_CHECKS',
  'REQUEST_LOGS',
]);

/** A bus within one process: the hub that other processes join through their own adapter. */
export function createInProcessBus(options: InProcessBusOptions): Bus {
  const queues = new Map<StreamName, WorkQueue>();
  const followers = new Map<StreamName, Set<(message: Message) => void>>();
  let closed = false;
  for (const stream of streamNames) {
    followers.set(stream, new Set());
    if (!workStreams.has(stream)) continue;
    queues.set(
      stream,
      new WorkQueue({
        stream,
        deadLetters: options.deadLetters,
        capacity: options.capacity ?? 10_000,
        redeliveryMs:
          options.redeliveryMs ?? ((delivery) => Math.min(100 * 2 ** (delivery - 1), 10_000)),
      }),
    );
  }
  const tell = (follower: (message: Message) => void, message: Message): void => {
    try {
      follower(message);
    } catch (error) {
      options.followerFailed(error);
    }
  };
  return {
    publish: (stream, message) => {
      if (closed) return Promise.reject(new BusUnavailable('the bus is closed'));
      for (const follower of followers.get(stream) ?? []) tell(follower, message);
      return queues.get(stream)?.publish(message) ?? Promise.resolve();
    },
    consume: (stream, consumer, handler) => {
      const queue = queues.get(stream);
      if (queue === undefined) {
        return Promise.reject(new Error(`stream ${stream} is a broadcast: follow it`));
      }
      return Promise.resolve(queue.consume(consumer, handler));
    },
    follow: (stream, handler) => {
      // Wrapped, so that the same function may follow twice.
      const follower = (message: Message): void => handler(message);
      followers.get(stream)?.add(follower);
      const subscription: Subscription = {
        stop: () => {
          followers.get(stream)?.delete(follower);
          return Promise.resolve();
        },
      };
      return Promise.resolve(subscription);
    },
    close: () => {
      closed = true;
      for (const queue of queues.values()) queue.close();
      for (const set of followers.values()) set.clear();
      return Promise.resolve();
    },
  };
}

const defaultTimeoutMs = 10_000;

/** Calls within one process. */
export function createInProcessCalls(): Calls {
  const handlers = new Map<string, (request: unknown) => Promise<unknown>>();
  const timers = new Map<NodeJS.Timeout, (error: Error) => void>();
  let closed = false;
  return {
    call: (name, request, { timeoutMs = defaultTimeoutMs } = {}) => {
      const handler = handlers.get(name);
      if (closed || handler === undefined) {
        return Promise.reject(new CallFailed(`nobody answers ${name}`));
      }
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          timers.delete(timer);
          reject(new CallFailed(`${name} was not answered in ${timeoutMs} ms`));
        }, timeoutMs);
        timers.set(timer, reject);
        const settle = (): void => {
          clearTimeout(timer);
          timers.delete(timer);
        };
        // A handler may throw before it returns its promise.
        Promise.resolve()
          .then(() => handler(request))
          .then(
            (reply) => {
              settle();
              resolve(reply);
            },
            (error: unknown) => {
              settle();
              const message = error instanceof Error ? error.message : String(error);
              reject(new CallFailed(`${name}: ${message}`, { cause: error }));
            },
          );
      });
    },
    answer: (name, handler) => {
      if (handlers.has(name)) throw new Error(`${name} is answered already`);
      handlers.set(name, handler);
      return {
        stop: () => {
          handlers.delete(name);
          return Promise.resolve();
        },
      };
    },
    close: () => {
      closed = true;
      for (const [timer, reject] of timers) {
        clearTimeout(timer);
        reject(new CallFailed('the bus is closed'));
      }
      timers.clear();
      return Promise.resolve();
    },
  };
}
