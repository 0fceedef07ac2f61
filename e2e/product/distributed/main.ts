// Runs every service in a process of its own on this machine, with the servers they need: `npm run dev:distributed`.
import { join } from 'node:path';
import { startNats } from '@keymux/parts/nats';
import type { Part } from '@keymux/parts/part';
import { anyRedis } from '@keymux/parts/redis';
import {
  beginProcess,
  createMetricsServer,
  refuseStart,
  runServices,
  type Service,
  StartProblem,
} from '@keymux/service';
import { readSecrets } from '../../../services/standalone/src/secrets.ts';
import { welcome } from '../../../services/standalone/src/welcome.ts';
import type { Child } from './child.ts';
import { startServices } from './services.ts';

const { environment, log } = beginProcess('distributed');
const { dataDir, port, natsUrl } = environment;
const secrets = readSecrets(environment);
if (secrets.kind === 'invalid') refuseStart(secrets.message);
const children = new Set<Child>();
let nats: Part | undefined;
let redis: Pick<Part, 'url' | 'stop'> | undefined;
let running: Awaited<ReturnType<typeof startServices>> | undefined;
let stopping = false;

async function end(some: readonly Child[]): Promise<void> {
  for (const each of some) each.signal('SIGTERM');
  const codes = await Promise.all(some.map((each) => each.ended));
  if (codes.some((code) => code !== 0)) process.exitCode = 1;
}

const servers: Service = {
  name: 'servers',
  async start() {
    if (natsUrl === undefined) nats = await startNats({ storeDirectory: join(dataDir, 'nats') });
    redis = await anyRedis();
  },
  async stop() {
    await nats?.kill('SIGTERM');
    await nats?.stop();
    await redis?.stop();
  },
};
const services: Service = {
  name: 'services',
  async start() {
    try {
      running = await startServices({
        dataDir,
        edgePort: port,
        env: {
          ...process.env,
          AUTH_KEY: secrets.authKey,
          ENCRYPTION_KEY: secrets.encryptionKey,
          NATS_URL: natsUrl ?? nats?.url,
          REDIS_DSN: redis?.url,
        },
        started(child) {
          children.add(child);
          void child.ended.then((code) => {
            if (!stopping) log.warn(`${child.name} ended with ${code}`);
          });
        },
      });
    } catch (error) {
      throw new StartProblem(error instanceof Error ? error.message : String(error));
    }
  },
  async stop() {
    stopping = true;
    // Gateways first: what they have still to tell finds somebody to hear it.
    await end(running?.gateways ?? []);
    await end(Array.from(children).filter((each) => each.isRunning));
  },
};
const metrics = createMetricsServer({
  port: environment.metricsPort,
  host: environment.host,
  log,
  collect: async () => {
    const pages = Array.from(children, ({ metricsUrl }) =>
      fetch(metricsUrl).then(
        (reply) => reply.text(),
        () => '',
      ),
    );
    return (await Promise.all(pages)).join('');
  },
});
await runServices([servers, metrics, services], {
  log,
  // Each has its own grace, gateways before the others.
  gracefulMs: 2 * environment.gracefulShutdownMs + 10_000,
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
