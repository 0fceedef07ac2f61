import { type StreamName, streamNames } from '@keymux/contracts';
import { type Bus, BusUnavailable, type DeadLetters, type Message } from '../bus.ts';
import { doublingMs, WorkQueue } from '../work-queue/work-queue.ts';

export interface InProcessBusOptions {
  readonly deadLetters: DeadLetters;
  /** Told of followers that throw: a bug of theirs that harms no other. */
  readonly followerFailed: (error: unknown) => void;
  /** Most messages of a stream that wait or are in work; 10,000 by default. */
  readonly capacity?: number;
  /** Wait after the nth failed delivery, ms; by default from 100 doubling to 10,000. */
  readonly redeliveryMs?: (delivery: number) => number;
}

type Follower = (message: Message) => void;

const workStreams: ReadonlySet<StreamName> = new Set([
  'KEY_OUTCOMES',
  'KEY_CHECKS',
  'REQUEST_LOGS',
]);

/**
 * A bus within one process: the hub that other processes join through their own adapter. It keeps
 * nothing on disk and copies nothing: what is not acknowledged is still its publisher's.
 */
export function createInProcessBus(options: InProcessBusOptions): Bus {
  const queues = new Map<StreamName, WorkQueue>();
  const followers = new Map<StreamName, Set<Follower>>();
  let closed = false;

  const broadcast = (stream: StreamName, message: Message): void => {
    // A copy: who follows because of this message hears only the next.
    for (const follower of Array.from(followers.get(stream) ?? [])) {
      try {
        follower(message);
      } catch (error) {
        options.followerFailed(error);
      }
    }
  };
  for (const stream of streamNames) {
    followers.set(stream, new Set());
    if (!workStreams.has(stream)) continue;
    const queue = new WorkQueue({
      stream,
      deadLetters: options.deadLetters,
      capacity: options.capacity ?? 10_000,
      redeliveryMs: options.redeliveryMs ?? doublingMs,
      // Once a message, however often it is published again.
      taken: (message) => broadcast(stream, message),
    });
    queues.set(stream, queue);
  }
  const unavailable = (): Promise<never> => Promise.reject(new BusUnavailable('the bus is closed'));

  return {
    publish: (stream, message) => {
      if (closed) return unavailable();
      const queue = queues.get(stream);
      if (queue !== undefined) return queue.publish(message);
      broadcast(stream, message);
      return Promise.resolve();
    },
    consume: async (stream, consumer, handler) => {
      if (closed) return unavailable();
      const queue = queues.get(stream);
      if (queue === undefined) throw new Error(`stream ${stream} is a broadcast: follow it`);
      return queue.consume(consumer, handler);
    },
    follow: async (stream, handler) => {
      if (closed) return unavailable();
      // Wrapped, so that the same function may follow twice.
      const follower: Follower = (message) => handler(message);
      followers.get(stream)?.add(follower);
      return {
        stop: async () => void followers.get(stream)?.delete(follower),
      };
    },
    close: async () => {
      closed = true;
      for (const queue of queues.values()) queue.close();
      for (const set of followers.values()) set.clear();
    },
  } satisfies Bus;
}
