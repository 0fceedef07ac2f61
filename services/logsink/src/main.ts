import { createRequestLogBus } from '@keymux/bus';
import { createNats } from '@keymux/bus/nats';
import {
  beginProcess,
  createAdminAuth,
  needVariable,
  sessionTtlMs,
  systemClock as clock,
} from '@keymux/service';
import { runApart } from '@keymux/service/admin';
import { createLogsink, openLogStore } from './service.ts';

/** How long a start waits for Kafka before it answers questions without. */
const patienceMs = 10_000;

const { environment, log } = beginProcess('logsink');
const { natsReplicas: replicas } = environment;
const authKey = needVariable('AUTH_KEY', environment.authKey);
const url = needVariable('NATS_URL', environment.natsUrl);
const auth = createAdminAuth({ authKey, clock, sessionTtlMs });
const nats = createNats({ url, replicas, name: 'logsink', clock, log });
const requestLogs = await createRequestLogBus({
  environment,
  bus: nats.bus,
  deadLetters: nats.deadLetters,
  name: 'logsink',
  log,
  patienceMs,
});
const { store, parts } = openLogStore({ environment, log });
const logsink = createLogsink({
  bus: requestLogs.bus,
  calls: nats.calls,
  deadLetters: nats.deadLetters,
  store,
  auth,
  log,
  clock,
});
await runApart(logsink, {
  environment,
  log,
  auth,
  nats,
  buses: requestLogs.states,
  parts: [...parts, ...requestLogs.parts],
});
