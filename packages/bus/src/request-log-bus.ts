import {
  type BusState,
  type Environment,
  type Logger,
  needVariable,
  type Service,
} from '@keymux/service';
import type { Bus, DeadLetters } from './bus.ts';
import { createBusByStream } from './bus-by-stream.ts';

/** A row that no logsink took for so long is lost, where the brokers keep it no longer. */
const retentionMs = 7 * 24 * 60 * 60_000;

/** The bus, and what carries request logs: the bus itself, or Kafka beside it, as `REQUEST_LOG_BUS` says. */
export async function createRequestLogBus(options: {
  readonly environment: Environment;
  readonly bus: Bus;
  readonly deadLetters: DeadLetters;
  /** Shown by the brokers' monitoring. */
  readonly name: string;
  readonly log: Logger;
  /** How long a start waits for a broker before it goes on without, ms. */
  readonly patienceMs: number;
}): Promise<{
  readonly bus: Bus;
  readonly parts: readonly Service[];
  /** Of what carries request logs beside the bus. */
  readonly states: readonly BusState[];
}> {
  const { environment, bus, deadLetters, name, log, patienceMs } = options;
  if (environment.requestLogBus === 'nats') return { bus, parts: [], states: [] };
  const brokers = needVariable('KAFKA_BROKERS', environment.kafkaBrokers);
  // Loaded where it is used: the client takes memory.
  const { createKafka } = await import('./kafka/create-kafka.ts');
  const streams = ['REQUEST_LOGS'] as const;
  const { kafkaPartitions: partitions, kafkaReplicas: replicas } = environment;
  const kafka = createKafka({
    brokers,
    name,
    streams,
    prefix: environment.kafkaTopicPrefix,
    plan: { partitions, replicas, retentionMs },
    deadLetters,
    log,
    patienceMs,
  });
  return {
    bus: createBusByStream(bus, { streams, bus: kafka.bus }),
    parts: [kafka.service],
    states: [kafka],
  };
}
