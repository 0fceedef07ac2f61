import { createNats } from '@keymux/bus/nats';
import {
  beginProcess,
  createAdminAuth,
  needVariable,
  runApart,
  sessionTtlMs,
  systemClock as clock,
} from '@keymux/service';
import { createLogsink, openLogStore } from './service.ts';

const { environment, log } = beginProcess('logsink');
const { natsReplicas: replicas } = environment;
const authKey = needVariable('AUTH_KEY', environment.authKey);
const url = needVariable('NATS_URL', environment.natsUrl);
const auth = createAdminAuth({ authKey, clock, sessionTtlMs });
const nats = createNats({ url, replicas, name: 'logsink', clock, log });
const { store, parts } = openLogStore({ environment, log });
const logsink = createLogsink({
  bus: nats.bus,
  calls: nats.calls,
  deadLetters: nats.deadLetters,
  store,
  auth,
  log,
  clock,
});
await runApart(logsink, { environment, log, auth, nats, parts });
