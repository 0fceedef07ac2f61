import type { StreamName } from '@keymux/contracts';
import {
  BusUnavailable,
  type ConsumeOptions,
  type DeadLetters,
  type Handled,
  type Message,
  type Subscription,
} from '../bus.ts';
import { Consumers, type Consumer, type WorkHandler } from './consumers.ts';

/** The messages of one subject. A lane is `ready` while it has one that may be given out. */
interface Lane {
  readonly waiting: Entry[];
  /** Given out or resting between two tries. */
  inFlight: number;
}

interface Entry {
  readonly message: Message;
  readonly lane: Lane;
  readonly settled: PromiseWithResolvers<void>;
  deliveries: number;
  /** Acknowledged or parked; only its place in the lane is still to be given back. */
  done: boolean;
}

interface Ending {
  readonly handled: Handled;
  readonly reason: string;
}

export interface WorkQueueOptions {
  readonly stream: StreamName;
  readonly deadLetters: DeadLetters;
  /** Most messages that wait or are in work. */
  readonly capacity: number;
  /** Wait after the nth failed delivery, ms. */
  readonly redeliveryMs: (delivery: number) => number;
  /** Told of each message that the queue takes, before anybody handles it. */
  readonly taken: (message: Message) => void;
}

/** Waits after failed deliveries from 100 ms doubling to 10,000 ms. */
export const doublingMs = (delivery: number): number => Math.min(100 * 2 ** (delivery - 1), 10_000);

/**
 * One stream as a work queue, in this process. A subject is a lane: as many of its messages are in work as the
 * consumers allow (one keeps their order). Lanes take turns, and one that fails stops no other.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #lanes = new Map<string, Lane>();
  /** In the order of their turns. */
  readonly #ready = new Set<Lane>();
  /** Only the promises: a Map's outgrown tables live on for a while, and messages are large. */
  readonly #byId = new Map<string, PromiseWithResolvers<void>>();
  readonly #consumers = new Consumers();
  readonly #timers = new Set<NodeJS.Timeout>();
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Resolves when a consumer acknowledged the message, or it became a dead letter. */
  publish(message: Message): Promise<void> {
    if (this.#closed) return Promise.reject(new BusUnavailable('the bus is closed'));
    // Published again while it is still here: both publishers wait for the same delivery.
    const known = this.#byId.get(message.id);
    if (known !== undefined) return known.promise;
    if (this.#byId.size >= this.#options.capacity) {
      return Promise.reject(new BusUnavailable(`stream ${this.#options.stream} is full`));
    }
    const lane = this.#laneOf(message.subject);
    const settled = Promise.withResolvers<void>();
    const entry: Entry = { message, lane, settled, deliveries: 0, done: false };
    this.#byId.set(message.id, settled);
    lane.waiting.push(entry);
    this.#options.taken(message);
    this.#enlist(lane);
    this.#pump();
    return settled.promise;
  }

  /** Throws when the stream is another durable's. */
  consume(options: ConsumeOptions, handler: WorkHandler): Subscription {
    const consumer = this.#consumers.add(options, handler);
    this.#limitChanged();
    return {
      stop: async () => {
        this.#consumers.remove(consumer);
        this.#limitChanged();
        if (!this.#closed) await consumer.idle();
      },
    };
  }

  /** Ends the queue: what waits or is in work is its publishers' again. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#consumers.release();
    for (const settled of this.#byId.values()) {
      settled.reject(new BusUnavailable('the bus is closed'));
    }
    this.#byId.clear();
    this.#lanes.clear();
    this.#ready.clear();
  }

  #laneOf(subject: string): Lane {
    const known = this.#lanes.get(subject);
    if (known !== undefined) return known;
    const lane: Lane = { waiting: [], inFlight: 0 };
    this.#lanes.set(subject, lane);
    return lane;
  }

  #limitChanged(): void {
    for (const lane of this.#lanes.values()) this.#enlist(lane);
    this.#pump();
  }

  #enlist(lane: Lane): void {
    if (lane.waiting.length > 0 && lane.inFlight < this.#consumers.perSubject)
      this.#ready.add(lane);
    else this.#ready.delete(lane);
  }

  #pump(): void {
    for (const lane of this.#ready) {
      const consumer = this.#consumers.free();
      if (consumer === undefined) return;
      this.#ready.delete(lane);
      const entry = lane.waiting.shift();
      if (entry === undefined) continue;
      lane.inFlight += 1;
      this.#enlist(lane);
      if (entry.done) this.#leave(entry);
      else void this.#deliver(entry, consumer);
    }
  }

  async #deliver(entry: Entry, consumer: Consumer): Promise<void> {
    entry.deliveries += 1;
    consumer.begin();
    let waited = false;
    const ackWait = this.#after(consumer.ackWaitMs, () => {
      waited = true;
      const reason = `not acknowledged in ${consumer.ackWaitMs} ms`;
      this.#end(entry, consumer, { handled: 'retry', reason });
    });
    const ending = await outcomeOf(consumer, entry);
    this.#cancel(ackWait);
    if (!waited) this.#end(entry, consumer, ending);
    // Handled after all: who has the message now need not do it again.
    else if (ending.handled === 'ack') this.#settle(entry, ending);
  }

  #end(entry: Entry, consumer: Consumer, ending: Ending): void {
    consumer.end();
    if (this.#closed) return;
    const last = lastTry(entry, consumer, ending);
    // Only parking waits for anybody: an acknowledged message leaves at once.
    if (last.handled === 'park' && !entry.done) void this.#park(entry, last.reason);
    else this.#goOn(entry, this.#settle(entry, last));
  }

  #goOn(entry: Entry, settled: boolean): void {
    if (this.#closed) return;
    if (settled) this.#leave(entry);
    else this.#rest(entry);
    this.#pump();
  }

  /** True when the message needs no further delivery. */
  #settle(entry: Entry, { handled }: Ending): boolean {
    if (entry.done || this.#closed) return true;
    if (handled === 'retry') return false;
    entry.done = true;
    this.#byId.delete(entry.message.id);
    entry.settled.resolve();
    return true;
  }

  async #park(entry: Entry, reason: string): Promise<void> {
    const parked = await this.#options.deadLetters
      .park(this.#options.stream, entry.message, reason)
      .then(
        () => true,
        // A full disk, say: the store reports it, the message stays here and is tried again.
        () => false,
      );
    this.#goOn(entry, parked && this.#settle(entry, { handled: 'park', reason }));
  }

  #rest(entry: Entry): void {
    this.#after(this.#options.redeliveryMs(entry.deliveries), () => {
      if (!entry.done) entry.lane.waiting.unshift(entry);
      this.#leave(entry);
      this.#pump();
    });
  }

  #leave({ lane, message }: Entry): void {
    lane.inFlight -= 1;
    this.#enlist(lane);
    if (lane.inFlight === 0 && lane.waiting.length === 0) this.#lanes.delete(message.subject);
  }

  #after(delayMs: number, work: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, delayMs);
    this.#timers.add(timer);
    return timer;
  }

  #cancel(timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.#timers.delete(timer);
  }
}

async function outcomeOf(consumer: Consumer, { message, deliveries }: Entry): Promise<Ending> {
  try {
    const handled = await consumer.handler(message, deliveries);
    return { handled, reason: 'the consumer gave it back' };
  } catch (error) {
    return { handled: 'retry', reason: error instanceof Error ? error.message : String(error) };
  }
}

function lastTry(entry: Entry, consumer: Consumer, ending: Ending): Ending {
  if (ending.handled === 'park') return { handled: 'park', reason: 'the consumer cannot read it' };
  if (ending.handled === 'ack' || entry.deliveries < consumer.maxDeliveries) return ending;
  return { handled: 'park', reason: `failed ${entry.deliveries} times: ${ending.reason}` };
}
