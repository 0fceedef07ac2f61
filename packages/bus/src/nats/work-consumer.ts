import {
  type ConsumerMessages,
  JetStreamApiError,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { StreamName } from '@keymux/contracts';
import type { Logger } from '@keymux/service';
import type { ConsumeOptions, DeadLetters, Message, Subscription } from '../bus.ts';
import { pause } from '../pause.ts';
import { Room } from '../work-queue/room.ts';
import { WorkQueue } from '../work-queue/work-queue.ts';
import type { WorkHandler } from '../work-queue/consumers.ts';
import { reconcileDurable } from './durable.ts';
import type { NatsLink } from './nats-link.ts';
import { readMessage } from './wire-message.ts';

/** Well within the durable's wait for an acknowledgement. */
const stillAtItMs = 10_000;
const pulledAtOnce = 200;
const pauseMs = 1_000;

export interface WorkConsumerOptions {
  readonly link: NatsLink;
  readonly deadLetters: DeadLetters;
  readonly log: Logger;
  /** Wait after the nth failed delivery, ms. */
  readonly redeliveryMs: (delivery: number) => number;
  readonly stream: StreamName;
  readonly consumer: ConsumeOptions;
  readonly handler: WorkHandler;
}

/**
 * One consumer of a JetStream work queue. The server hands out; the order of a subject, the tries and
 * the dead letters are those of the {@link WorkQueue} in this process. What it holds it keeps telling
 * the server of, so that only what a dead process held is given to another.
 */
export class WorkConsumer implements Subscription {
  readonly #options: WorkConsumerOptions;
  readonly #queue: WorkQueue;
  readonly #held = new Set<JsMsg>();
  readonly #room = new Room();
  readonly #stopping = new AbortController();
  #messages: ConsumerMessages | undefined;
  #inQueue: Subscription | undefined;
  #stillAtIt: NodeJS.Timeout | undefined;
  #unlisten: () => void = () => undefined;
  #pulling: Promise<void> = Promise.resolve();

  constructor(options: WorkConsumerOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      stream: options.stream,
      deadLetters: options.deadLetters,
      capacity: Number.POSITIVE_INFINITY,
      redeliveryMs: options.redeliveryMs,
      taken: () => undefined,
    });
  }

  /** Resolves when the server knows the consumer, or is away; rejects when the stream is another's. */
  async start(): Promise<void> {
    const { link, consumer, handler } = this.#options;
    this.#inQueue = this.#queue.consume(consumer, handler);
    if (link.up !== null) {
      await this.#ensureDurable(link.up).catch((error: unknown) => {
        // What the server says stands; when it says nothing it is away, and pulling asks again.
        if (error instanceof JetStreamApiError) throw error;
      });
    }
    this.#stillAtIt = setInterval(() => this.#tellStillAtIt(), stillAtItMs);
    this.#unlisten = link.listen({
      joined: (connection) => {
        this.#pulling = this.#pull(connection);
      },
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#unlisten();
    this.#room.end();
    this.#messages?.stop();
    await this.#inQueue?.stop();
    clearInterval(this.#stillAtIt);
    // What nobody began is given back, and is another's at once.
    this.#queue.close();
    await this.#pulling;
  }

  async #pull(connection: NatsConnection): Promise<void> {
    const { stream, consumer, log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted && !connection.isClosed()) {
      try {
        await this.#ensureDurable(connection);
        const pulled = await jetstream(connection).consumers.get(stream, consumer.durable);
        this.#messages = await pulled.consume({
          max_messages: pulledAtOnce,
          idle_heartbeat: 5_000,
          abort_on_missing_resource: true,
        });
        if (signal.aborted) this.#messages.stop();
        for await (const msg of this.#messages) {
          this.#take(msg);
          if (this.#room.isFull) await this.#room.untilFree();
        }
      } catch (error) {
        if (signal.aborted || connection.isClosed()) return;
        log.warn({ err: error, stream }, 'a stream cannot be consumed now; trying again');
        await pause(pauseMs, signal);
      }
    }
  }

  #take(msg: JsMsg): void {
    const message = readMessage(msg.data, msg.headers);
    if (message === null) {
      void this.#parkUnreadable(msg);
      return;
    }
    this.#held.add(msg);
    this.#room.take(msg.data.length);
    this.#queue
      .publish(message)
      .then(
        () => msg.ack(),
        () => msg.nak(),
      )
      .finally(() => {
        this.#held.delete(msg);
        this.#room.giveBack(msg.data.length);
      });
  }

  async #parkUnreadable(msg: JsMsg): Promise<void> {
    const { stream, deadLetters } = this.#options;
    const message: Message = {
      id: `${stream}.${msg.seq}`,
      type: 'unreadable',
      version: 1,
      time: msg.time.toISOString(),
      source: stream,
      subject: msg.subject,
      data: Buffer.from(msg.data.subarray(0, 65_536)).toString('latin1'),
    };
    await deadLetters.park(stream, message, 'is no message').then(
      () => msg.ack(),
      () => msg.nak(pauseMs),
    );
  }

  #tellStillAtIt(): void {
    if (this.#options.link.up === null) return;
    for (const msg of this.#held) msg.working();
  }

  async #ensureDurable(connection: NatsConnection): Promise<void> {
    const { stream, consumer, log } = this.#options;
    const jsm = await jetstreamManager(connection, { checkAPI: false });
    await reconcileDurable(jsm, { stream, durable: consumer.durable }, log);
  }
}
