import { randomUUID } from 'node:crypto';
import type { StreamName } from '@keymux/contracts';
import type { Logger } from '@keymux/service';
import { CompressionAlgorithms, ProduceAcks, Producer } from '@platformatic/kafka';
import { type Bus, BusUnavailable, type DeadLetters, type Subscription } from '../bus.ts';
import { doublingMs } from '../work-queue/work-queue.ts';
import { type KafkaLink, sentence } from './kafka-link.ts';
import { KafkaWork } from './kafka-work.ts';
import { readRecord, writeRecord } from './record.ts';
import { withSurvivingConnections } from './surviving-connections.ts';
import { TopicReader } from './topic-reader.ts';

export interface KafkaBusOptions {
  readonly link: KafkaLink;
  /** The topics of the streams that go over Kafka: work queues all. */
  readonly topics: ReadonlyMap<StreamName, string>;
  readonly deadLetters: DeadLetters;
  readonly log: Logger;
  /** Wait after the nth failed delivery, ms; by default from 100 doubling to 10,000. */
  readonly redeliveryMs?: (delivery: number) => number;
}

/**
 * Work queues over Kafka. A message is safe when every replica that is in sync has it; a subject is the
 * key, so one partition keeps its order. Followers hear what is published while they listen.
 */
export function createKafkaBus(options: KafkaBusOptions): Bus {
  const { link, topics, deadLetters, log, redeliveryMs = doublingMs } = options;
  const subscriptions = new Set<Subscription>();
  const durables = new Map<StreamName, string>();
  let producer: Producer | undefined;
  let closed = false;

  const topicOf = (stream: StreamName): string => {
    const topic = topics.get(stream);
    if (topic === undefined) throw new Error(`stream ${stream} does not go over Kafka`);
    return topic;
  };
  const keep = (stop: () => Promise<void>): Subscription => {
    const kept: Subscription = {
      stop: () => {
        subscriptions.delete(kept);
        return stop();
      },
    };
    subscriptions.add(kept);
    return kept;
  };
  const unavailable = (why: string): Promise<never> => Promise.reject(new BusUnavailable(why));

  return {
    async publish(stream, message) {
      if (closed) return unavailable('the bus is closed');
      if (!link.up) return unavailable('Kafka is away');
      producer ??= withSurvivingConnections(
        new Producer({
          ...link.client,
          acks: ProduceAcks.ALL,
          compression: CompressionAlgorithms.ZSTD,
        }),
      );
      const record = {
        topic: topicOf(stream),
        key: Buffer.from(message.subject),
        value: writeRecord(message),
      };
      const stored = producer.send({ messages: [record] });
      const { answerMs } = link;
      const late = (): Error => new BusUnavailable(`Kafka stored nothing in ${answerMs} ms`);
      await link.deadlines.race(stored, answerMs, late).catch((error: unknown) => {
        link.suspect();
        if (error instanceof BusUnavailable) throw error;
        const why = sentence(error);
        throw new BusUnavailable(`Kafka did not take the message: ${why}`, { cause: error });
      });
    },
    async consume(stream, consumer, handler) {
      if (closed) return unavailable('the bus is closed');
      const topic = topicOf(stream);
      const { durable } = consumer;
      const other = durables.get(stream);
      if (other !== undefined && other !== durable) {
        throw new Error(`${other} consumes the stream: ${durable} cannot`);
      }
      durables.set(stream, durable);
      const groupId = `${topic}.${durable}`;
      const work = new KafkaWork({
        link,
        deadLetters,
        log,
        redeliveryMs,
        stream,
        topic,
        groupId,
        consumer,
        handler,
      });
      work.start();
      return keep(() => work.stop());
    },
    async follow(stream, handler, missed) {
      if (closed) return unavailable('the bus is closed');
      const topic = topicOf(stream);
      const reader = new TopicReader({
        link,
        topic,
        // A group of its own, which the brokers forget when it has gone.
        groupId: `${topic}.follower.${randomUUID()}`,
        from: 'latest',
        log,
        take({ value }) {
          const message = readRecord(value);
          try {
            if (message !== null) handler(message);
          } catch (error) {
            log.error({ err: error, stream }, 'a follower of the bus failed');
          }
        },
        ...(missed === undefined ? {} : { broke: missed }),
      });
      reader.start();
      if (link.up) await reader.ready;
      return keep(async () => {
        await reader.stop();
        await reader.leave();
      });
    },
    async close() {
      closed = true;
      await Promise.all(Array.from(subscriptions, (each) => each.stop()));
      await producer?.close(true);
    },
  } satisfies Bus;
}
