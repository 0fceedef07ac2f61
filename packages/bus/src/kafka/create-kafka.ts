import type { StreamName } from '@keymux/contracts';
import type { Service } from '@keymux/service';
import type { Bus } from '../bus.ts';
import { createKafkaBus, type KafkaBusOptions } from './kafka-bus.ts';
import { KafkaLink, type KafkaLinkOptions } from './kafka-link.ts';
import { topicOf } from './topics.ts';

export interface KafkaOptions
  extends KafkaLinkOptions, Omit<KafkaBusOptions, 'link' | 'topics' | 'log'> {
  /** The streams that go over Kafka: work queues all. */
  readonly streams: readonly StreamName[];
  /** What the names of topics begin with. */
  readonly prefix: string;
}

/** Some streams over Kafka; nothing is sent before the service starts. */
export function createKafka(options: KafkaOptions): {
  readonly name: 'kafka';
  readonly bus: Bus;
  /** False while no broker answers. */
  readonly isUp: boolean;
  readonly service: Service;
} {
  const { streams, prefix } = options;
  const topics = new Map(streams.map((stream) => [stream, topicOf(prefix, stream)]));
  const link = new KafkaLink(options, [...topics.values()]);
  const bus = createKafkaBus({ ...options, link, topics });
  return {
    name: 'kafka',
    bus,
    get isUp() {
      return link.up;
    },
    service: {
      name: 'Kafka',
      start: (stopping) => link.start(stopping),
      async stop() {
        await bus.close();
        await link.close();
      },
    },
  };
}
