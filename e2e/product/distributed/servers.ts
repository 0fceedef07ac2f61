import { join } from 'node:path';
import { startKafka } from '@keymux/parts/kafka';
import type { Keeper } from '@keymux/parts/keeper';
import { startMongoDb } from '@keymux/parts/mongodb';
import { type Nats, startNats } from '@keymux/parts/nats';
import type { Part } from '@keymux/parts/part';
import { startRedis } from '@keymux/parts/redis';

/** The servers that services apart need; null for one that runs elsewhere. */
export interface Servers {
  readonly nats: Nats | null;
  readonly mongodb: Part | null;
  readonly redis: Part | null;
  readonly kafka: Part | null;
  /** The variables that name all of them. */
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/** Starts those servers that no URL names, with their data in the data folder. */
export async function startServers(options: {
  readonly dataDir: string;
  readonly keeper: Keeper;
  readonly natsUrl?: string | undefined;
  readonly mongodbUrl?: string | undefined;
  readonly redisDsn?: string | undefined;
  /** `kafka` needs brokers; by default nothing does. */
  readonly requestLogBus?: 'nats' | 'kafka';
  readonly kafkaBrokers?: string | undefined;
}): Promise<Servers> {
  const { dataDir, keeper, natsUrl, mongodbUrl, redisDsn, kafkaBrokers } = options;
  const needsKafka = options.requestLogBus === 'kafka' && kafkaBrokers === undefined;
  const stored = (name: string) => ({ storeDirectory: join(dataDir, name), keeper });
  const starting = [
    natsUrl === undefined ? startNats(stored('nats')) : null,
    mongodbUrl === undefined ? startMongoDb(stored('mongodb')).then(({ part }) => part) : null,
    redisDsn === undefined ? startRedis({ keeper }) : null,
    needsKafka ? startKafka(stored('kafka')) : null,
  ] as const;
  const started = await Promise.allSettled(starting);
  const parts = started.flatMap((each) => (each.status === 'fulfilled' ? (each.value ?? []) : []));

  async function stop(): Promise<void> {
    await Promise.all(
      parts.map(async (each) => {
        await each.kill('SIGTERM');
        await each.stop();
      }),
    );
  }

  const failed = started.find((each) => each.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const [nats, mongodb, redis, kafka] = await Promise.all(starting);
  return {
    nats,
    mongodb,
    redis,
    kafka,
    env: {
      NATS_URL: natsUrl ?? nats?.url,
      MONGODB_URL: mongodbUrl ?? mongodb?.url,
      REDIS_DSN: redisDsn ?? redis?.url,
      KAFKA_BROKERS: kafkaBrokers ?? kafka?.url,
    },
    stop,
  };
}
