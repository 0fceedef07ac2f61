import type { Logger } from '@keymux/service';
import { Consumer, type Message as Received, type MessagesStream } from '@platformatic/kafka';
import { pause } from '../pause.ts';
import { type KafkaLink, sentence } from './kafka-link.ts';
import { withSurvivingConnections } from './surviving-connections.ts';

const pauseMs = 1_000;
/** What a process that died held goes to another after so long. */
const sessionMs = 10_000;
const heartbeatMs = 2_000;
const rebalanceMs = 15_000;
/** A member joins when the others have joined again, or are given up. */
const groupAnswerMs = rebalanceMs + 5_000;
/** A group that is just being made, or changes again, is asked again so often. */
const retries = 5;
const retryMs = 250;
/** Longest wait of a fetch for messages. */
const fetchWaitMs = 500;
const fetchBytes = 8 * 1024 * 1024;
const fetchedMessages = 64;
/** A group is left within this, or forgets us by itself. */
const leaveMs = 3_000;

export interface TopicReaderOptions {
  readonly link: KafkaLink;
  readonly topic: string;
  readonly groupId: string;
  /** `committed`: from where the group is, at first from the beginning; `latest`: what comes from now on. */
  readonly from: 'committed' | 'latest';
  readonly log: Logger;
  /** Takes a message; the next one comes when it resolves. */
  readonly take: (message: Received) => Promise<void> | void;
  /** Told when reading broke off; it begins again by itself. */
  readonly broke?: () => void;
}

type Stream = MessagesStream<Buffer, Buffer, Buffer, Buffer>;

/**
 * Reads a topic as a member of a group, again and again until it is stopped. When reading breaks off it
 * stays the member that it was, or the group would wait for one that is gone.
 */
export class TopicReader {
  readonly #options: TopicReaderOptions;
  readonly #stopping = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  #consumer: Consumer | undefined;
  #stream: Stream | undefined;
  #reading: Promise<void> = Promise.resolve();
  #unlisten: () => void = () => undefined;

  constructor(options: TopicReaderOptions) {
    this.#options = options;
  }

  /** The member of the group; undefined while there is none. */
  get consumer(): Consumer | undefined {
    return this.#consumer;
  }

  /** Resolves when it is known from where it reads, or when it broke off. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  start(): void {
    this.#unlisten = this.#options.link.listen(() => {
      this.#reading = this.#read();
    });
  }

  /** Takes nothing more; the group is left by {@link leave}. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#unlisten();
    this.#ready.resolve();
    this.#stream?.destroy();
    await this.#reading;
  }

  /** Leaves the group, so that others have its partitions at once. */
  async leave(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    if (consumer === undefined) return;
    const { link, log, topic } = this.#options;
    const late = (): Error => new Error(`not left in ${leaveMs} ms`);
    await link.deadlines.race(consumer.close(true), leaveMs, late).catch((error: unknown) => {
      // Without its connections the brokers hear nothing more of it, and give it up.
      consumer.connections.close(() => undefined);
      if (link.up) log.warn({ topic }, `a group of Kafka was not left: ${sentence(error)}`);
    });
  }

  async #read(): Promise<void> {
    const { link, topic, log, broke } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#readOn();
        if (!signal.aborted) throw new Error('the stream ended');
      } catch (error) {
        if (signal.aborted) return;
        if (link.up) log.warn({ topic }, `reading from Kafka broke off: ${sentence(error)}`);
        link.suspect();
      }
      this.#ready.resolve();
      broke?.();
      await pause(pauseMs, signal);
    }
  }

  async #readOn(): Promise<void> {
    const { topic, from, take } = this.#options;
    const { signal } = this.#stopping;
    const consumer = (this.#consumer ??= this.#newMember());
    const stream = await consumer
      .consume({
        topics: [topic],
        mode: from,
        fallbackMode: 'earliest',
        autocommit: false,
        maxWaitTime: fetchWaitMs,
        maxBytes: fetchBytes,
        highWaterMark: fetchedMessages,
      })
      .catch(async (error: unknown) => {
        // A client that has begun to join would take itself for a member.
        if (!signal.aborted) await this.leave();
        throw error;
      });
    this.#stream = withSurvivingConnections(stream);
    stream.once('offsets', () => this.#ready.resolve());
    if (signal.aborted || consumer !== this.#consumer) stream.destroy();
    for await (const message of stream) {
      if (signal.aborted) return;
      await take(message);
    }
  }

  #newMember(): Consumer {
    const { link, groupId } = this.#options;
    const consumer = withSurvivingConnections(
      new Consumer({
        ...link.client,
        groupId,
        sessionTimeout: sessionMs,
        heartbeatInterval: heartbeatMs,
        rebalanceTimeout: rebalanceMs,
        requestTimeout: groupAnswerMs,
        retries,
        retryDelay: retryMs,
      }),
    );
    // It could not join again, or is heard no more: what it reads is no longer its own.
    const lost = (error: Error): void => {
      if (this.#consumer !== consumer || this.#stopping.signal.aborted) return;
      void this.leave();
      this.#stream?.destroy(error);
    };
    consumer.on('error', lost);
    consumer.on('consumer:heartbeat:stalled', () => lost(new Error('the group does not answer')));
    return consumer;
  }
}
