import { setTimeout } from 'node:timers/promises';
import type { Logger } from '@keymux/service';
import type { StreamName } from '@keymux/contracts';
import {
  type Admin,
  ConfigResourceTypes,
  findErrorBy,
  IncrementalAlterConfigOperationTypes,
} from '@platformatic/kafka';
import { differences } from '../differences.ts';

/** Most bytes of a message; a batch of log rows may be as large as one row with long bodies. */
const messageBytes = 8 * 1024 * 1024;

const lookMs = 50;
const mostLooks = 100;

/** How topics are made. */
export interface TopicPlan {
  readonly partitions: number;
  readonly replicas: number;
  /** How long a message is kept, handled or not. */
  readonly retentionMs: number;
}

/** The topic of a stream. */
export function topicOf(prefix: string, stream: StreamName): string {
  return `${prefix}.${stream.toLowerCase().replaceAll('_', '-')}`;
}

/** What is set of a topic, as Kafka writes it. */
function settingsOf({ replicas, retentionMs }: TopicPlan): Readonly<Record<string, string>> {
  return {
    'cleanup.policy': 'delete',
    'retention.ms': String(retentionMs),
    'max.message.bytes': String(messageBytes),
    // What is acknowledged is on two brokers, where there are so many.
    'min.insync.replicas': String(Math.min(2, replicas)),
  };
}

/**
 * Makes a topic that is missing and brings one that is there to the plan, as far as a broker can change
 * it; what it cannot is reported with the names of the fields. Rejects when no broker answers.
 */
export async function reconcileTopic(
  admin: Admin,
  topic: string,
  options: { readonly plan: TopicPlan; readonly log: Pick<Logger, 'warn'> },
): Promise<void> {
  const { plan, log } = options;
  const settings = settingsOf(plan);
  const found = await describe(admin, topic);
  if (found === null) {
    const { partitions, replicas } = plan;
    const configs = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await admin
      .createTopics({ topics: [topic], partitions, replicas, configs })
      .catch((error: unknown) => {
        // Another process was quicker.
        if (!isAnswer(error, 'TOPIC_ALREADY_EXISTS')) throw error;
      });
    await untilThere(admin, topic);
    return;
  }
  const { partitions, replicas } = plan;
  if (found.replicas !== replicas || found.partitions > partitions) {
    const fields = differences({ partitions, replicas }, found);
    log.warn({ topic, fields }, 'a topic is not as it should be and cannot be changed');
  }
  if (found.partitions < partitions) {
    await change(log, { topic, fields: differences({ partitions }, found) }, () =>
      admin.createPartitions({ topics: [{ name: topic, count: partitions }] }),
    );
  }
  const fields = differences(settings, await settingsFound(admin, topic, Object.keys(settings)));
  if (fields.length === 0) return;
  const configs = Object.entries(settings).map(([name, value]) => ({
    name,
    value,
    configOperation: IncrementalAlterConfigOperationTypes.SET,
  }));
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configs };
  await change(log, { topic, fields }, () =>
    admin.incrementalAlterConfigs({ resources: [resource] }),
  );
}

/** Who made a topic is told before the brokers that serve it are. */
async function untilThere(admin: Admin, topic: string): Promise<void> {
  for (let looks = 0; looks < mostLooks; looks += 1) {
    if ((await describe(admin, topic)) !== null) return;
    await setTimeout(lookMs);
  }
  throw new Error(`topic ${topic} was made, and is not there`);
}

async function change(
  log: Pick<Logger, 'warn'>,
  told: { readonly topic: string; readonly fields: readonly string[] },
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
    log.warn(told, 'a topic was not as it should be and was changed');
  } catch (error) {
    log.warn({ ...told, err: error }, 'a topic is not as it should be and cannot be changed');
  }
}

async function describe(
  admin: Admin,
  topic: string,
): Promise<{ readonly partitions: number; readonly replicas: number } | null> {
  try {
    const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true });
    const found = topics.get(topic);
    if (found === undefined) return null;
    return {
      partitions: found.partitionsCount,
      replicas: found.partitions[0]?.replicas.length ?? 0,
    };
  } catch (error) {
    if (isNoTopic(error)) return null;
    throw error;
  }
}

async function settingsFound(
  admin: Admin,
  topic: string,
  names: string[],
): Promise<Record<string, string | null>> {
  const resource = {
    resourceType: ConfigResourceTypes.TOPIC,
    resourceName: topic,
    configurationKeys: names,
  };
  const described = await admin.describeConfigs({ resources: [resource] });
  const configs = described.flatMap((each) => each.configs);
  return Object.fromEntries(configs.map(({ name, value }) => [name, value ?? null]));
}

/** True when metadata was asked of a topic that is not there: the client says so in an error of its own. */
export function isNoTopic(error: unknown): boolean {
  return error instanceof Error && findErrorBy(error, 'code', 'PLT_KFK_USER') !== null;
}

/** True for an answer of a broker with this name. */
function isAnswer(error: unknown, name: string): boolean {
  return error instanceof Error && findErrorBy(error, 'apiId', name) !== null;
}
