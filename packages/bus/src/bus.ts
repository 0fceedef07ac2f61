import type { StreamName } from '@keymux/contracts';

/** A message with CloudEvents' attribute names. */
export interface Message {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  /** ISO 8601 */
  readonly time: string;
  readonly source: string;
  readonly subject: string;
  readonly traceparent?: string;
  readonly data: unknown;
}

/** What a consumer says of a message: done, again later, or unreadable (kept as a dead letter). */
export type Handled = 'ack' | 'retry' | 'park';

export interface Subscription {
  stop(): Promise<void>;
}

export interface ConsumeOptions {
  /** Consumers of one name share the messages. */
  readonly durable: string;
  /** After so many tries a message becomes a dead letter. */
  readonly maxDeliveries?: number;
  /** Most messages at one time in the handler. */
  readonly maxInFlight?: number;
  /** Most messages of one subject at one time in the handler; 1, the default, keeps their order. */
  readonly maxInFlightPerSubject?: number;
}

/**
 * Carries messages between services. Work queues (`consume`) give each message to one consumer, in
 * order a subject, at least once; broadcasts (`follow`) give it to everyone who listens now.
 */
export interface Bus {
  /** Resolves when the bus answers for the message. Rejects with {@link BusUnavailable}. */
  publish(stream: StreamName, message: Message): Promise<void>;
  /** A handler that throws says `retry`. */
  consume(
    stream: StreamName,
    options: ConsumeOptions,
    handler: (message: Message, delivery: number) => Promise<Handled>,
  ): Promise<Subscription>;
  follow(stream: StreamName, handler: (message: Message) => void): Promise<Subscription>;
  close(): Promise<void>;
}

/** Request and reply between services. */
export interface Calls {
  /** Rejects with {@link CallFailed} when nobody answers in time or the answer is an error. */
  call(name: string, request: unknown, options?: { timeoutMs?: number }): Promise<unknown>;
  answer(name: string, handler: (request: unknown) => Promise<unknown>): Subscription;
  close(): Promise<void>;
}

/** Where messages go that nobody could read or handle. */
export interface DeadLetters {
  park(stream: StreamName, message: Message, reason: string): void;
}

/** The bus did not take a message; the publisher keeps it and tries again. */
export class BusUnavailable extends Error {
  override readonly name = 'BusUnavailable';
}

/** A call was not answered, or with an error. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
}
