import { createNats } from '@keymux/bus/nats';
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
import { createKeymanager, openKeyStore } from './service.ts';

const { environment, log } = beginProcess('keymanager');
const { natsReplicas: replicas } = environment;
const authKey = needVariable('AUTH_KEY', environment.authKey);
const vault = createVault(needVariable('ENCRYPTION_KEY', environment.encryptionKey), {
  previous: environment.previousEncryptionKey,
});
const url = needVariable('NATS_URL', environment.natsUrl);
const auth = createAdminAuth({ authKey, clock, sessionTtlMs });
const nats = createNats({ url, replicas, name: 'keymanager', clock, log });
const { keyStore, part } = openKeyStore({ environment, vault, clock, log });
const keymanager = createKeymanager({
  bus: nats.bus,
  calls: nats.calls,
  keyStore,
  vault,
  auth,
  log,
  clock,
});
const reencryption = createReencryption({
  vault,
  log,
  reseals: [
    () => keymanager.reseal('system').then(({ state }) => (state === 'done' ? 'done' : 'failed')),
  ],
  done: () => log.info('ENCRYPTION_KEY_PREVIOUS: keymanager needs it no more'),
});
measurePreviousKey(keymanager.registry, reencryption);
await runApart(keymanager, {
  environment,
  log,
  auth,
  nats,
  parts: [part],
  followers: [reencryption],
});
