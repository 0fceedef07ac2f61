import type { StreamName } from '@keymux/contracts';
import type { Logger } from '@keymux/service';
import type { Message as Received } from '@platformatic/kafka';
import type { ConsumeOptions, DeadLetters, Message, Subscription } from '../bus.ts';
import type { WorkHandler } from '../work-queue/consumers.ts';
import { Room } from '../work-queue/room.ts';
import { WorkQueue } from '../work-queue/work-queue.ts';
import { pause } from '../pause.ts';
import { type KafkaLink, sentence } from './kafka-link.ts';
import { Offsets } from './offsets.ts';
import { readRecord } from './record.ts';
import { TopicReader } from './topic-reader.ts';

const commitMs = 250;
const parkAgainMs = 1_000;

export interface KafkaWorkOptions {
  readonly link: KafkaLink;
  readonly deadLetters: DeadLetters;
  readonly log: Logger;
  /** Wait after the nth failed delivery, ms. */
  readonly redeliveryMs: (delivery: number) => number;
  readonly stream: StreamName;
  readonly topic: string;
  readonly groupId: string;
  readonly consumer: ConsumeOptions;
  readonly handler: WorkHandler;
}

/**
 * A topic as a work queue. The brokers give partitions to the members of a group; the order of a
 * subject, the tries and the dead letters are those of the {@link WorkQueue} in this process. An offset
 * is committed when everything before it is done, so that what a dead process held comes again.
 */
export class KafkaWork implements Subscription {
  readonly #options: KafkaWorkOptions;
  readonly #queue: WorkQueue;
  readonly #reader: TopicReader;
  readonly #partitions = new Map<number, Offsets>();
  readonly #room = new Room();
  #inQueue: Subscription | undefined;
  #timer: NodeJS.Timeout | undefined;
  #committing: Promise<void> | undefined;

  constructor(options: KafkaWorkOptions) {
    const { link, topic, groupId, log, stream, deadLetters, redeliveryMs } = options;
    this.#options = options;
    this.#queue = new WorkQueue({
      stream,
      deadLetters,
      capacity: Number.POSITIVE_INFINITY,
      redeliveryMs,
      taken: () => undefined,
    });
    this.#reader = new TopicReader({
      link,
      topic,
      groupId,
      log,
      from: 'committed',
      take: (message) => this.#take(message),
    });
  }

  start(): void {
    this.#inQueue = this.#queue.consume(this.#options.consumer, this.#options.handler);
    this.#timer = setInterval(() => void this.#commit(), commitMs);
    this.#reader.start();
  }

  async stop(): Promise<void> {
    const stopped = this.#reader.stop();
    this.#room.end();
    await stopped;
    await this.#inQueue?.stop();
    clearInterval(this.#timer);
    // What nobody began is not committed, and comes to the next one.
    this.#queue.close();
    // One that began before everything was done may be under way: another one follows it.
    await this.#commit();
    await this.#commit();
    await this.#reader.leave();
  }

  #take(received: Received): Promise<void> | void {
    const { partition, offset, value } = received;
    const offsets = this.#partitions.get(partition) ?? new Offsets();
    this.#partitions.set(partition, offsets);
    offsets.begin(offset);
    this.#room.take(value.length);
    const message = readRecord(value);
    const settled =
      message === null ? this.#parkUnreadable(received) : this.#queue.publish(message);
    settled
      .then(
        () => offsets.done(offset),
        // Given back: it stays uncommitted.
        () => undefined,
      )
      .finally(() => this.#room.giveBack(value.length));
    return this.#room.isFull ? this.#room.untilFree() : undefined;
  }

  async #parkUnreadable({ partition, offset, key, value, timestamp }: Received): Promise<void> {
    const { stream, topic, deadLetters } = this.#options;
    const message: Message = {
      id: `${topic}.${partition}.${offset}`,
      type: 'unreadable',
      version: 1,
      time: new Date(Number(timestamp)).toISOString(),
      source: topic,
      subject: key.toString('utf8'),
      data: value.subarray(0, 65_536).toString('latin1'),
    };
    while (!this.#reader.stopping.aborted) {
      const parked = await deadLetters.park(stream, message, 'is no message').then(
        () => true,
        () => false,
      );
      if (parked) return;
      await pause(parkAgainMs, this.#reader.stopping);
    }
    throw new Error('stopped before it could be parked');
  }

  #commit(): Promise<void> {
    this.#committing ??= this.#commitNow().finally(() => (this.#committing = undefined));
    return this.#committing;
  }

  async #commitNow(): Promise<void> {
    const { topic, link, log } = this.#options;
    const consumer = this.#reader.consumer;
    if (consumer === undefined || !link.up || !consumer.isActive()) return;
    const ours = consumer.assignments?.find((each) => each.topic === topic)?.partitions ?? [];
    const offsets = ours.flatMap((partition) => {
      const offset = this.#partitions.get(partition)?.toCommit ?? null;
      return offset === null ? [] : [{ topic, partition, offset, leaderEpoch: -1 }];
    });
    if (offsets.length === 0) return;
    const { answerMs } = link;
    const late = (): Error => new Error(`no answer in ${answerMs} ms`);
    try {
      await link.deadlines.race(consumer.commit({ offsets }), answerMs, late);
      for (const { partition, offset } of offsets)
        this.#partitions.get(partition)?.committed(offset);
    } catch (error) {
      // Tried again in a moment; what stays uncommitted comes again, which changes nothing.
      if (link.up) log.debug({ topic }, `offsets not committed: ${sentence(error)}`);
    }
  }
}
