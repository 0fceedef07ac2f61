import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, Calls } from '@keymux/bus';
import type { ServiceName } from '@keymux/contracts';
import type { SharedLimits } from '@keymux/coordination';
import { createOutbound } from '@keymux/outbound';
import {
  type Clock,
  createHealth,
  createMetricsRegistry,
  type Environment,
  listen,
  type Logger,
  type Service,
  StartProblem,
  type Tracing,
} from '@keymux/service';
import type { Vault } from '@keymux/vault';
import type { Registry } from 'prom-client';
import { createApiForward } from './edge/api-forward.ts';
import { readConsoleFiles } from './edge/console-files.ts';
import { createEdge } from './edge/edge.ts';
import { createGatewayMetrics } from './gateway-metrics.ts';
import { KeyLimits } from './limits/key-limits.ts';
import { Headroom } from './headroom/headroom.ts';
import { HeadroomSync } from './headroom/headroom-sync.ts';
import { ConfigSync } from './live-config/config-sync.ts';
import { KeptConfig } from './live-config/kept-config.ts';
import { KeptPools } from './live-config/kept-pools.ts';
import { LiveConfig } from './live-config/live-config.ts';
import { PoolSync } from './live-config/pool-sync.ts';
import { MassFailureGuard } from '@keymux/outcome';
import { Outbox } from './outbox/outbox.ts';
import { Spool } from './outbox/spool.ts';
import { createAdmit } from './proxy/admit/admit.ts';
import { InFlight } from './proxy/admit/in-flight.ts';
import { Proxy, type ProxyDeps } from './proxy/proxy.ts';
import { TrustedProxies } from './proxy/headers/source-ip.ts';
import { Upgrades } from './proxy/upgrade/upgrade.ts';
import { Verdicts } from './proxy/exchange/verdicts.ts';
import { createRequestSpans } from './tracing/request-spans.ts';
import { Deadlines } from './upstream/deadlines.ts';
import { createDispatchers } from './upstream/dispatchers.ts';

const replayLimitBytes = 1024 * 1024;
const spillLimitBytes = 64 * 1024 * 1024;
/** What a start waits for config and pools, so that nobody is refused while they are read. */
const loadMs = 5_000;
/** What the outbox may take of a stop for publishing, whose rest stays on disk, and what the last spans may take. */
const flushMs = 2_000;

export interface GatewayDeps {
  readonly bus: Bus;
  readonly calls: Calls;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Logger;
  readonly environment: Environment;
  /** Where spans go, stopped with this gateway; null traces nothing. */
  readonly tracing: Tracing | null;
  /** What all gateways count together; its owner starts and stops it. */
  readonly coordination: Pick<SharedLimits, 'limits' | 'shared'>;
  readonly random: () => number;
  /** Names this gateway in messages. */
  readonly source: string;
  /** Names the installation: a request that comes back has gone in a loop. */
  readonly instance: string;
  /** Where this gateway keeps what must not be lost. */
  readonly spoolDirectory: string;
  /** Spools that gateways left which are gone: they are published and then removed. */
  readonly orphanedSpools: readonly string[];
  /** Where the last config and pools are kept, to serve with when nobody answers at the next start; null keeps none. */
  readonly keptDirectory: string | null;
  /** Addresses of the replicas that own a part of the admin API, such as `http://127.0.0.1:4000`; none while they are not there. */
  readonly adminTargets: (owner: ServiceName) => readonly string[];
  /** Shown in the API's description. */
  readonly version: string;
  /** Where the built console is. */
  readonly consoleFolder: string;
}

export interface Gateway extends Service {
  readonly registry: Registry;
  /** The port, once started. */
  readonly port: number;
}

/** The data plane and the edge, as one service. */
export function createGateway(deps: GatewayDeps): Gateway {
  const { bus, calls, vault, clock, log, environment, source } = deps;
  const registry = createMetricsRegistry({ service: 'gateway' });
  const health = createHealth();
  const live = new LiveConfig();
  const { keptDirectory } = deps;
  const pools = new PoolSync({
    bus,
    calls,
    log,
    clock,
    live,
    random: deps.random,
    kept: keptDirectory === null ? null : new KeptPools(keptDirectory),
  });
  const config = new ConfigSync({
    bus,
    calls,
    log,
    live,
    changed: () => pools.followGroups(),
    kept: keptDirectory === null ? null : new KeptConfig(keptDirectory, vault),
  });
  const headroom = new Headroom({ clock });
  const headroomSync = new HeadroomSync({ headroom, live, bus, clock, log, source });
  const openOutbox = (directory: string): Outbox =>
    new Outbox({
      spool: new Spool({ directory, limitBytes: environment.spoolLimitBytes }),
      bus,
      clock,
      log,
      source,
    });
  const outbox = openOutbox(deps.spoolDirectory);
  const orphans = deps.orphanedSpools.map(openOutbox);
  const outbound = createOutbound({
    environment: {
      httpProxy: environment.httpProxy ?? '',
      httpsProxy: environment.httpsProxy ?? '',
      noProxy: environment.noProxy.join(','),
    },
    forbidPrivate: environment.forbidPrivateUpstreams,
  });
  const deadlines = new Deadlines(() => clock.now());
  let everReady = false;
  const ready = (): boolean => {
    everReady ||= config.loaded && pools.loaded;
    return everReady;
  };
  health.require('config', () =>
    config.loaded ? { kind: 'ready' } : { kind: 'not_ready', why: 'no config snapshot yet' },
  );
  health.require('pools', () =>
    ready() ? { kind: 'ready' } : { kind: 'not_ready', why: 'key pools are being read' },
  );
  const limits = new KeyLimits({ limits: deps.coordination.limits, clock });
  const inFlight = new InFlight();
  const trusted = new TrustedProxies(environment.trustedProxies);
  const { instance } = deps;
  const { maxConcurrentRequests } = environment;
  const proxyDeps: ProxyDeps = {
    admit: createAdmit({
      live,
      clock,
      vault,
      trusted,
      inFlight,
      maxConcurrentRequests,
      instance,
      ready,
    }),
    inFlight,
    instance,
    vault,
    clock,
    log,
    outbox,
    deadlines,
    limits,
    dispatchers: createDispatchers(outbound),
    verdicts: new Verdicts({ guard: new MassFailureGuard(), outbox }),
    headroom,
    random: deps.random,
    spans: deps.tracing === null ? null : createRequestSpans(deps.tracing.tracer),
    writeTimeoutMs: environment.serverWriteTimeoutMs,
    bodyLimits: {
      replayLimitBytes,
      spillLimitBytes,
      spillDirectory: join(deps.spoolDirectory, 'bodies'),
      notKept: (error) => log.warn({ err: error }, 'a long body cannot be kept on disk'),
    },
    metrics: createGatewayMetrics(registry, {
      activeRequests: () => inFlight.count,
      spoolBytes: () => [outbox, ...orphans].reduce((sum, each) => sum + each.waitingBytes, 0),
      droppedLines: () => outbox.dropped,
      limitsAreLocal: () => !deps.coordination.shared,
      pools: () => pools.standing(),
    }),
  };
  const proxy = new Proxy(proxyDeps);
  const upgrades = new Upgrades(proxyDeps);
  const api = createApiForward({
    targets: deps.adminTargets,
    version: deps.version,
    log,
  });
  const server: Server = createEdge({
    proxy,
    upgrades,
    api,
    trusted,
    consoleFiles: readConsoleFiles({ folder: deps.consoleFolder, log }),
    cors: {
      enabled: environment.enableCors,
      allowedOrigins: environment.allowedOrigins,
      allowedMethods: environment.allowedMethods,
      allowedHeaders: environment.allowedHeaders,
      allowCredentials: environment.allowCredentials,
    },
    readiness: () => health.readiness(),
    log,
    readTimeoutMs: environment.serverReadTimeoutMs,
    idleTimeoutMs: environment.serverIdleTimeoutMs,
  });
  let port = 0;
  return {
    name: 'gateway',
    registry,
    get port() {
      return port;
    },
    async start(stopping) {
      if (keptDirectory !== null) mkdirSync(keptDirectory, { recursive: true, mode: 0o700 });
      for (const each of [outbox, ...orphans]) each.start();
      limits.start();
      await pools.start();
      await config.start();
      await headroomSync.start();
      const lateMs = performance.now() + loadMs;
      while (!ready() && performance.now() < lateMs && stopping?.aborted !== true) await sleep(10);
      const at = { port: environment.port, host: environment.host, variable: 'PORT' };
      const listening = await listen(server, at);
      if (listening.kind === 'problem') throw new StartProblem(listening.message);
      port = listening.port;
    },
    async stop() {
      health.drain();
      inFlight.drain();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await within(environment.gracefulShutdownMs, inFlight.idle());
      proxy.interruptAll();
      upgrades.closeAll();
      server.closeAllConnections();
      await closed;
      api.close();
      await outbound.destroy();
      deadlines.stop();
      limits.stop();
      await headroomSync.stop();
      await config.stop();
      await pools.stop();
      await Promise.all([outbox, ...orphans].map((each) => each.stop(flushMs)));
      await within(flushMs, deps.tracing?.stop() ?? Promise.resolve());
    },
  };
}

/** Waits for something, but not longer than `limitMs`. */
async function within(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
