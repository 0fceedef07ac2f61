import type { StreamName } from '@keymux/contracts';
import {
  BusUnavailable,
  type ConsumeOptions,
  type DeadLetters,
  type Handled,
  type Message,
  type Subscription,
} from '../bus.ts';

export type WorkHandler = (message: Message, delivery: number) => Promise<Handled>;

interface Consumer {
  readonly handler: WorkHandler;
  readonly maxDeliveries: number;
  readonly maxInFlight: number;
  readonly maxInFlightPerSubject: number;
  inFlight: number;
  stopped: boolean;
  idle: (() => void) | undefined;
}

/** The messages of one subject. */
interface Lane {
  readonly waiting: Entry[];
  inFlight: number;
}

interface Entry {
  readonly message: Message;
  readonly settled: PromiseWithResolvers<void>;
  deliveries: number;
}

export interface WorkQueueOptions {
  readonly stream: StreamName;
  readonly deadLetters: DeadLetters;
  /** Most messages that wait or are in work. */
  readonly capacity: number;
  /** Wait before the nth delivery, ms. */
  readonly redeliveryMs: (delivery: number) => number;
}

/**
 * One stream as a work queue. A subject is a lane: as many of its messages are in work as the
 * consumer allows (one keeps their order), and what fails in one lane stops no other.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #byId = new Map<string, Entry>();
  readonly #consumers: Consumer[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  #turn = 0;
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Resolves when a consumer acknowledged the message, or it became a dead letter. */
  publish(message: Message): Promise<void> {
    if (this.#closed) return Promise.reject(new BusUnavailable('the bus is closed'));
    // Published again while it is still here: both publishers wait for the same delivery.
    const known = this.#byId.get(message.id);
    if (known !== undefined) return known.settled.promise;
    if (this.#byId.size >= this.#options.capacity) {
      return Promise.reject(new BusUnavailable(`stream ${this.#options.stream} is full`));
    }
    const entry: Entry = { message, settled: Promise.withResolvers<void>(), deliveries: 0 };
    this.#byId.set(message.id, entry);
    let lane = this.#lanes.get(message.subject);
    if (lane === undefined) {
      lane = { waiting: [], inFlight: 0 };
      this.#lanes.set(message.subject, lane);
    }
    lane.waiting.push(entry);
    this.#drain(lane);
    return entry.settled.promise;
  }

  consume(options: ConsumeOptions, handler: WorkHandler): Subscription {
    const consumer: Consumer = {
      handler,
      maxDeliveries: options.maxDeliveries ?? 10,
      maxInFlight: options.maxInFlight ?? 1000,
      maxInFlightPerSubject: options.maxInFlightPerSubject ?? 1,
      inFlight: 0,
      stopped: false,
      idle: undefined,
    };
    this.#consumers.push(consumer);
    this.#drainAll();
    return {
      stop: async () => {
        consumer.stopped = true;
        const at = this.#consumers.indexOf(consumer);
        if (at !== -1) this.#consumers.splice(at, 1);
        if (consumer.inFlight === 0) return;
        const { promise, resolve } = Promise.withResolvers<void>();
        consumer.idle = resolve;
        await promise;
      },
    };
  }

  /** Ends the queue: what waits is its publishers' again. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const entry of this.#byId.values()) {
      entry.settled.reject(new BusUnavailable('the bus is closed'));
    }
    this.#byId.clear();
    this.#lanes.clear();
  }

  #drainAll(): void {
    for (const lane of this.#lanes.values()) this.#drain(lane);
  }

  #drain(lane: Lane): void {
    while (!this.#closed && lane.waiting.length > 0) {
      const consumer = this.#freeConsumer(lane);
      const entry = consumer === undefined ? undefined : lane.waiting.shift();
      if (consumer === undefined || entry === undefined) return;
      lane.inFlight += 1;
      void this.#deliver(lane, entry, consumer);
    }
  }

  async #deliver(lane: Lane, entry: Entry, consumer: Consumer): Promise<void> {
    entry.deliveries += 1;
    consumer.inFlight += 1;
    let handled: Handled;
    let reason = 'the consumer cannot read it';
    try {
      handled = await consumer.handler(entry.message, entry.deliveries);
    } catch (error) {
      handled = 'retry';
      reason = error instanceof Error ? error.message : String(error);
    }
    consumer.inFlight -= 1;
    if (consumer.stopped && consumer.inFlight === 0) consumer.idle?.();
    if (this.#closed) return;
    if (handled === 'retry' && entry.deliveries >= consumer.maxDeliveries) {
      handled = 'park';
      reason = `failed ${entry.deliveries} times: ${reason}`;
    }
    if (handled === 'retry') {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        lane.inFlight -= 1;
        lane.waiting.unshift(entry);
        this.#drain(lane);
      }, this.#options.redeliveryMs(entry.deliveries));
      this.#timers.add(timer);
      return;
    }
    if (handled === 'park') {
      this.#options.deadLetters.park(this.#options.stream, entry.message, reason);
    }
    this.#byId.delete(entry.message.id);
    lane.inFlight -= 1;
    if (lane.inFlight === 0 && lane.waiting.length === 0) {
      this.#lanes.delete(entry.message.subject);
    }
    entry.settled.resolve();
    this.#drainAll();
  }

  #freeConsumer(lane: Lane): Consumer | undefined {
    for (let each = 0; each < this.#consumers.length; each += 1) {
      this.#turn = (this.#turn + 1) % this.#consumers.length;
      const consumer = this.#consumers[this.#turn];
      if (
        consumer !== undefined &&
        consumer.inFlight < consumer.maxInFlight &&
        lane.inFlight < consumer.maxInFlightPerSubject
      ) {
        return consumer;
      }
    }
    return undefined;
  }
}
