import { createNats } from '@keymux/bus/nats';
import { createInProcessCoordination } from '@keymux/coordination';
import { createRedisCoordination } from '@keymux/coordination/redis';
import { createOutbound } from '@keymux/outbound';
import {
  beginProcess,
  createAdminAuth,
  needVariable,
  sessionTtlMs,
  systemClock as clock,
} from '@keymux/service';
import { runApart } from '@keymux/service/admin';
import { createVault } from '@keymux/vault';
import { createValidator } from './service.ts';

const { environment, log } = beginProcess('validator');
const { natsReplicas: replicas, httpProxy = '', httpsProxy = '', noProxy } = environment;
const authKey = needVariable('AUTH_KEY', environment.authKey);
const vault = createVault(needVariable('ENCRYPTION_KEY', environment.encryptionKey), {
  previous: environment.previousEncryptionKey,
});
const url = needVariable('NATS_URL', environment.natsUrl);
const auth = createAdminAuth({ authKey, clock, sessionTtlMs });
const nats = createNats({ url, replicas, name: 'validator', clock, log });
const outbound = createOutbound({
  environment: { httpProxy, httpsProxy, noProxy: noProxy.join(',') },
  forbidPrivate: environment.forbidPrivateUpstreams,
});
const connections = {
  name: 'connections to upstreams',
  start: () => Promise.resolve(),
  stop: () => outbound.destroy(),
};
const coordination =
  environment.redisDsn === undefined
    ? createInProcessCoordination()
    : createRedisCoordination({ dsn: environment.redisDsn, log });
const validator = createValidator({
  coordination,
  bus: nats.bus,
  calls: nats.calls,
  vault,
  outbound,
  auth,
  log,
  clock,
  random: Math.random,
});
await runApart(validator, { environment, log, auth, nats, parts: [connections, coordination] });
