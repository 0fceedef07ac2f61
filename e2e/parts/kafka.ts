import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import type { Keeper } from './keeper.ts';
import { javaPackage, mavenFolder } from './maven.ts';
import { type Part, startPart } from './part.ts';
import { debianProgram, runProgram } from './program.ts';

const version = '4.1.0';
/** Any cluster's: there is one broker in each. */
const cluster = '4L6g3nShT-eMCtK--X86sw';

export interface KafkaOptions {
  /** The one who may connect, by SCRAM-SHA-512 or PLAIN. */
  readonly user?: { readonly name: string; readonly password: string };
  /** PEM; the broker then speaks TLS only. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** A folder that outlives the broker; a temporary one by default. */
  readonly storeDirectory?: string;
  readonly keeper?: Keeper;
}

/** Starts a Kafka broker of its own, in KRaft mode, with its data in a folder. */
export async function startKafka(options: KafkaOptions = {}): Promise<Part> {
  const { user, tls, keeper } = options;
  const program = await debianProgram('java', javaPackage);
  const jars = await kafkaJars();
  const folder = mkdtempSync(join(tmpdir(), 'keymux-kafka-'));
  const store = options.storeDirectory ?? folder;
  mkdirSync(store, { recursive: true });
  const [port, controllerPort] = [await freePort(), await freePort()];
  const protocol = `${user === undefined ? '' : 'SASL_'}${tls === undefined ? 'PLAINTEXT' : 'SSL'}`;
  const lines = [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    `listeners=CLIENT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    `advertised.listeners=CLIENT://127.0.0.1:${port}`,
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=CLIENT',
    `listener.security.protocol.map=CONTROLLER:PLAINTEXT,CLIENT:${protocol}`,
    `log.dirs=${join(store, 'logs')}`,
    'auto.create.topics.enable=false',
    'offsets.topic.num.partitions=1',
    'offsets.topic.replication.factor=1',
    'group.initial.rebalance.delay.ms=0',
    // A broker that was killed and comes back is not waited for.
    'broker.heartbeat.interval.ms=500',
    'broker.session.timeout.ms=2000',
  ];
  if (user !== undefined) {
    const who = `username="${user.name}" password="${user.password}"`;
    const login = (module: string, more: string) =>
      `org.apache.kafka.common.security.${module} required ${who}${more};`;
    const plain = login('plain.PlainLoginModule', ` user_${user.name}="${user.password}"`);
    lines.push(
      'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512',
      'sasl.mechanism.inter.broker.protocol=PLAIN',
      `listener.name.client.plain.sasl.jaas.config=${plain}`,
      `listener.name.client.scram-sha-512.sasl.jaas.config=${login('scram.ScramLoginModule', '')}`,
    );
  }
  if (tls !== undefined) {
    const [keyStore, trusted] = [join(folder, 'server.pem'), join(folder, 'trusted.pem')];
    writeFileSync(keyStore, `${tls.key.trim()}\n${tls.certificate}`, { mode: 0o600 });
    writeFileSync(trusted, tls.certificate);
    lines.push('ssl.keystore.type=PEM', `ssl.keystore.location=${keyStore}`);
    lines.push('ssl.truststore.type=PEM', `ssl.truststore.location=${trusted}`);
  }
  const file = join(folder, 'server.properties');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const java = [
    '-Xmx320m',
    '-XX:TieredStopAtLevel=1',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-cp',
    join(jars, '*'),
  ];
  const scram =
    user === undefined
      ? []
      : ['--add-scram', `SCRAM-SHA-512=[name=${user.name},password=${user.password}]`];
  await runProgram(program, [
    ...java,
    'kafka.tools.StorageTool',
    'format',
    '--ignore-formatted',
    '--cluster-id',
    cluster,
    '--config',
    file,
    ...scram,
  ]);
  return startPart({
    program,
    args: [...java, 'kafka.Kafka', file],
    port,
    // Java takes long on a machine that is busy.
    patienceMs: 240_000,
    url: `127.0.0.1:${port}`,
    folder,
    ...(keeper === undefined ? {} : { keeper }),
  });
}

function kafkaJars(): Promise<string> {
  return mavenFolder({
    name: `kafka-${version}`,
    artifacts: [
      { group: 'org.apache.kafka', name: 'kafka_2.13', version },
      { group: 'org.slf4j', name: 'slf4j-simple', version: '1.7.36' },
    ],
    missing: `Maven could not get Kafka ${version}`,
  });
}
