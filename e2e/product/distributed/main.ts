// Runs every service in a process of its own on this machine, with the servers they need: `npm run dev:distributed`.
import { existsSync } from 'node:fs';
import { reservePorts } from '@keymux/parts/free-port';
import { startKeeper } from '@keymux/parts/keeper';
import { accepts } from '@keymux/parts/part';
import {
  beginProcess,
  createMetricsServer,
  refuseStart,
  runServices,
  type Service,
  StartProblem,
} from '@keymux/service';
import { createNpmParent } from '../../../services/standalone/src/npm-parent.ts';
import { readSecrets } from '../../../services/standalone/src/secrets.ts';
import { welcome } from '../../../services/standalone/src/welcome.ts';
import type { Child } from './child.ts';
import { mergePages } from './metrics-page.ts';
import { createPreviousKeyEnd } from './previous-key.ts';
import { type Servers, startServers } from './servers.ts';
import { startServices, stopServices } from './services.ts';
import { type Supervision, supervise } from './supervise.ts';

// What stands in it is for the services too, which run elsewhere.
if (existsSync('.env')) process.loadEnvFile('.env');
const { environment, log } = beginProcess('distributed');
const { dataDir, port, natsUrl, mongodbUrl, redisDsn, requestLogBus, kafkaBrokers } = environment;
const secrets = readSecrets(environment);
if (secrets.kind === 'invalid') refuseStart(secrets.message);
// Known before a dozen processes start in vain.
for (const [name, value] of Object.entries({ PORT: port, METRICS_PORT: environment.metricsPort })) {
  if (await accepts(value)) refuseStart(`${name}: port ${value} is in use`);
}
reservePorts([port, environment.metricsPort]);
const keeper = startKeeper();
const children: Child[] = [];
let servers: Servers | undefined;
let supervision: Supervision | undefined;

const ground: Service = {
  name: 'servers',
  async start() {
    servers = await startServers({
      dataDir,
      keeper,
      natsUrl,
      mongodbUrl,
      redisDsn,
      requestLogBus,
      kafkaBrokers,
    });
  },
  async stop() {
    await servers?.stop();
    await keeper.close();
  },
};
const services: Service = {
  name: 'services',
  async start() {
    try {
      await startServices({
        dataDir,
        edgePort: port,
        keeper,
        env: {
          ...withoutFiles(process.env),
          ...servers?.env,
          AUTH_KEY: secrets.authKey,
          ENCRYPTION_KEY: secrets.encryptionKey,
          ENCRYPTION_KEY_PREVIOUS: secrets.previousKey?.secret,
        },
        started(child) {
          children.push(child);
        },
      });
      supervision = supervise(children, { log });
    } catch (error) {
      throw new StartProblem(error instanceof Error ? error.message : String(error));
    }
  },
  async stop() {
    supervision?.stop();
    const codes = await stopServices(children);
    if (codes.every((code) => code === 0)) return;
    process.once('exit', () => {
      process.exitCode = 1;
    });
  },
};
/** Without the names of files whose content is told by value. */
function withoutFiles(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const told = ['AUTH_KEY', 'ENCRYPTION_KEY', 'ENCRYPTION_KEY_PREVIOUS', 'NATS_URL', 'MONGODB_URL'];
  const files = new Set([...told, 'REDIS_DSN', 'KAFKA_BROKERS'].map((name) => `${name}_FILE`));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !files.has(name)));
}

const metrics = createMetricsServer({
  port: environment.metricsPort,
  host: environment.host,
  log,
  collect: async () => {
    const pages = children.map(async ({ name: instance, metricsUrl }) => {
      const text = await fetch(metricsUrl).then(
        (reply) => reply.text(),
        () => '',
      );
      return { instance, text };
    });
    return mergePages(await Promise.all(pages));
  },
});
const npm = createNpmParent('dev:distributed');
const previousKeyEnd = createPreviousKeyEnd({ secrets, children, log });
await runServices([npm, ground, metrics, services, previousKeyEnd], {
  log,
  // Each has its own grace, gateways before the others.
  gracefulMs: 2 * environment.gracefulShutdownMs + 20_000,
});
for (const each of children) log.info(`${each.name}: process ${each.pid}, ${each.url}`);
process.stdout.write(
  welcome({
    port,
    authKey: secrets.newAuthKey ? secrets.authKey : null,
    proxyKey: null,
    dataDir,
    format: environment.logFormat,
  }),
);
