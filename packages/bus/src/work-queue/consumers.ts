import type { ConsumeOptions, Handled, Message } from '../bus.ts';

/** Handles one message; `delivery` counts from 1. */
export type WorkHandler = (message: Message, delivery: number) => Promise<Handled>;

/** One consumer of a work queue, and how much it has at work. */
export class Consumer {
  readonly handler: WorkHandler;
  readonly durable: string;
  readonly maxDeliveries: number;
  readonly ackWaitMs: number;
  readonly perSubject: number;
  readonly #maxInFlight: number;
  readonly #idle: (() => void)[] = [];
  #inFlight = 0;

  constructor(options: ConsumeOptions, handler: WorkHandler) {
    this.handler = handler;
    this.durable = options.durable;
    this.maxDeliveries = options.maxDeliveries ?? 10;
    this.ackWaitMs = options.ackWaitMs ?? 30_000;
    this.perSubject = options.maxInFlightPerSubject ?? 1;
    this.#maxInFlight = options.maxInFlight ?? 1000;
  }

  get free(): boolean {
    return this.#inFlight < this.#maxInFlight;
  }

  begin(): void {
    this.#inFlight += 1;
  }

  end(): void {
    this.#inFlight -= 1;
    if (this.#inFlight === 0) this.release();
  }

  /** Resolves when nothing is at work. */
  idle(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Lets go those who wait for the last work. */
  release(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** The consumers of one work queue; they take turns. */
export class Consumers {
  readonly #active: Consumer[] = [];
  /** Stopped ones too, as long as they have something at work. */
  readonly #all = new Set<Consumer>();
  #turn = 0;

  /** Most messages of a subject at one time in work: the strictest consumer decides. */
  get perSubject(): number {
    return this.#perSubject;
  }
  #perSubject = 1;

  /** Throws when the queue is another durable's, as that of a NATS work queue does. */
  add(options: ConsumeOptions, handler: WorkHandler): Consumer {
    const other = this.#active.find(({ durable }) => durable !== options.durable);
    if (other !== undefined) {
      throw new Error(`${other.durable} consumes the stream: ${options.durable} cannot`);
    }
    const consumer = new Consumer(options, handler);
    this.#active.push(consumer);
    this.#all.add(consumer);
    this.#limit();
    return consumer;
  }

  remove(consumer: Consumer): void {
    const at = this.#active.indexOf(consumer);
    if (at === -1) return;
    this.#active.splice(at, 1);
    this.#limit();
    void consumer.idle().then(() => this.#all.delete(consumer));
  }

  /** The next one with room for a message. */
  free(): Consumer | undefined {
    for (let each = 0; each < this.#active.length; each += 1) {
      this.#turn = (this.#turn + 1) % this.#active.length;
      const consumer = this.#active[this.#turn];
      if (consumer?.free === true) return consumer;
    }
    return undefined;
  }

  /** Ends them all, without waiting for what is at work. */
  release(): void {
    this.#active.length = 0;
    for (const consumer of this.#all) consumer.release();
    this.#all.clear();
  }

  #limit(): void {
    const limits = this.#active.map(({ perSubject }) => perSubject);
    this.#perSubject = limits.length === 0 ? 1 : Math.min(...limits);
  }
}
