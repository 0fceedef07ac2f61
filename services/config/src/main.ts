import { createNats } from '@keymux/bus/nats';
import { createInProcessCoordination } from '@keymux/coordination';
import { createRedisCoordination } from '@keymux/coordination/redis';
import { openEventStore } from '@keymux/event-store';
import {
  beginProcess,
  createAdminAuth,
  measurePreviousKey,
  needVariable,
  sessionTtlMs,
  systemClock as clock,
} from '@keymux/service';
import { runApart } from '@keymux/service/admin';
import { createReencryption, createVault } from '@keymux/vault';
import { createConfig } from './service.ts';

const { environment, log } = beginProcess('config');
const { natsReplicas: replicas } = environment;
const authKey = needVariable('AUTH_KEY', environment.authKey);
const vault = createVault(needVariable('ENCRYPTION_KEY', environment.encryptionKey), {
  previous: environment.previousEncryptionKey,
});
const url = needVariable('NATS_URL', environment.natsUrl);
const auth = createAdminAuth({ authKey, clock, sessionTtlMs });
const nats = createNats({ url, replicas, name: 'config', clock, log });
const { store, part } = openEventStore({ environment, log });
const coordination =
  environment.redisDsn === undefined
    ? createInProcessCoordination()
    : createRedisCoordination({ dsn: environment.redisDsn, log });
const config = createConfig({
  coordination,
  bus: nats.bus,
  calls: nats.calls,
  store,
  vault,
  auth,
  log,
  clock,
  environmentSettings: environment.settings,
  forbidPrivate: environment.forbidPrivateUpstreams,
});
const reencryption = createReencryption({
  vault,
  log,
  reseals: [() => config.reseal().then(() => 'done' as const)],
  done: () => log.info('ENCRYPTION_KEY_PREVIOUS: config needs it no more'),
});
measurePreviousKey(config.registry, reencryption);
await runApart(config, {
  environment,
  log,
  auth,
  nats,
  parts: [part, coordination],
  followers: [reencryption],
});
if (config.newProxyKey !== null) {
  const about = '(for clients; made at this first start and shown only now)';
  process.stdout.write(`\n  proxy key  ${config.newProxyKey}   ${about}\n\n`);
}
