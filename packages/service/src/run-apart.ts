import type { Router } from 'express';
import type { Registry } from 'prom-client';
import type { AdminAuth } from './admin-auth.ts';
import { createAdminServer } from './admin-server.ts';
import type { Environment } from './environment.ts';
import { createHealth } from './health.ts';
import { runServices, type Service } from './lifecycle.ts';
import type { Logger } from './logger.ts';
import { type BusState, createMetricsServer, measureBuses } from './metrics.ts';
import { createRevocations, type RevocationDeps } from './revocations.ts';

/** What a service in a process of its own stands on. */
export interface Ground {
  readonly environment: Environment;
  readonly log: Logger;
  readonly auth: AdminAuth;
  readonly nats: BusState & {
    readonly service: Service;
    /** Why it is not up, for a person. */
    readonly trouble: string;
    readonly bus: RevocationDeps['bus'];
    readonly calls: RevocationDeps['calls'];
  };
  /** Buses beside NATS. */
  readonly buses?: readonly BusState[];
  /** Started before the service and stopped after it: its store, its connections. */
  readonly parts: readonly Service[];
  /** Started after the service and stopped before it. */
  readonly followers?: readonly Service[];
}

/** Runs a service as this process, with its part of the admin API, its health and its metrics on ports of their own. */
export async function runApart(
  service: Service & { readonly router: Router; readonly registry: Registry },
  { environment, log, auth, nats, buses = [], parts, followers = [] }: Ground,
): Promise<void> {
  const health = createHealth();
  health.require('bus', () =>
    nats.isUp ? { kind: 'ready' } : { kind: 'not_ready', why: nats.trouble },
  );
  measureBuses(service.registry, [nats, ...buses]);
  const { host } = environment;
  const admin = createAdminServer({
    routers: [service.router],
    log,
    port: environment.servicePort,
    host,
    variable: 'SERVICE_PORT',
    health,
  });
  const metrics = createMetricsServer({
    port: environment.metricsPort,
    host,
    log,
    collect: () => service.registry.metrics(),
  });
  const revocations = createRevocations({ bus: nats.bus, calls: nats.calls, auth, log });
  const own = [service, revocations, admin, metrics, ...followers];
  const { state } = await runServices([...parts, nats.service, ...own], {
    log,
    gracefulMs: environment.gracefulShutdownMs,
  });
  // It may have been asked to stop meanwhile.
  if (state === 'running') log.info(`${service.name} serves gateways at port ${admin.port}`);
}
