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
  /** Consumers of one name share the messages; a stream that has one refuses another name. */
  readonly durable: string;
  /** After so many tries a message becomes a dead letter; 10 by default. */
  readonly maxDeliveries?: number;
  /** A handler that takes longer counts as failed, though its late `ack` is heard; 30,000 ms by default. */
  readonly ackWaitMs?: number;
  /** Most messages at one time in the handler; 1,000 by default. */
  readonly maxInFlight?: number;
  /** Most messages of one subject at one time in the handler; 1, the default, keeps their order. */
  readonly maxInFlightPerSubject?: number;
}

/**
 * Carries messages between services. Work queues (`consume`) give each message to one consumer, at
 * least once, to each consumer in order a subject; broadcasts (`follow`) give it to everyone who
 * listens now.
 */
export interface Bus {
  /** Once resolved, the message is safe. Rejects with {@link BusUnavailable}: keep it, try again. */
  publish(stream: StreamName, message: Message): Promise<void>;
  /**
   * A handler that throws says `retry`. `stop` resolves when the handlers at work are done. Rejects for
   * a stream that is a broadcast or is another durable's.
   */
  consume(
    stream: StreamName,
    options: ConsumeOptions,
    handler: (message: Message, delivery: number) => Promise<Handled>,
  ): Promise<Subscription>;
  /**
   * Gives every message from now on to every follower; one that throws harms no other. `missed` is
   * told when messages may have gone by unheard, because the bus was away.
   */
  follow(
    stream: StreamName,
    handler: (message: Message) => void,
    missed?: () => void,
  ): Promise<Subscription>;
  /** Ends every subscription; publishes that are not safe yet reject with {@link BusUnavailable}. */
  close(): Promise<void>;
}

/** Request and reply between services. */
export interface Calls {
  /**
   * Rejects with {@link NoAnswer} when nobody answers in time (10,000 ms by default), with
   * {@link CallFailed} when the answer is an error.
   */
  call(name: string, request: unknown, options?: { timeoutMs?: number }): Promise<unknown>;
  /** Those who answer to one name share its calls. */
  answer(name: string, handler: (request: unknown) => Promise<unknown>): Subscription;
  close(): Promise<void>;
}

/** Where messages go that nobody could read or handle. When it rejects, the message stays in its queue. */
export interface DeadLetters {
  park(stream: StreamName, message: Message, reason: string): Promise<void>;
}

/** The bus did not take a message; the publisher keeps it and tries again. */
export class BusUnavailable extends Error {
  override readonly name = 'BusUnavailable';
}

/** A call was answered with an error, whose message this one carries. */
export class CallFailed extends Error {
  override readonly name: 'CallFailed' | 'NoAnswer' = 'CallFailed';
}

/** What a log line says of a failed call: only one of ours needs its stack. */
export function aboutFailure(error: unknown): { readonly why: string } | { readonly err: unknown } {
  return error instanceof CallFailed ? { why: error.message } : { err: error };
}

/** Nobody answered a call, or not in time: another try may succeed. */
export class NoAnswer extends CallFailed {
  override readonly name = 'NoAnswer';
}
