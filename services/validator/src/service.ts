import { type Bus, CallFailed, type Calls, type Subscription } from '@keymux/bus';
import { type KeyChecked, validatorOperations } from '@keymux/contracts';
import { type Coordination, LeaseHolder } from '@keymux/coordination';
import type { Outbound } from '@keymux/outbound';
import {
  createMetricsRegistry,
  type AdminAuth,
  type Clock,
  type Logger,
  type Service,
} from '@keymux/service';
import { createAdminRouter } from '@keymux/service/admin';
import type { Vault } from '@keymux/vault';
import type { Router } from 'express';
import { Counter, Gauge, type Registry } from 'prom-client';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { HandlersDeps } from './admin-api/handlers-deps.ts';
import { createTestGroup } from './admin-api/test-group.ts';
import { createTestUpstreams } from './admin-api/test-upstreams.ts';
import { createModelLister } from './list-models.ts';
import { LiveConfig } from './live-config/live-config.ts';
import { openKey } from './open-key.ts';
import { createProber, probeKey } from './probe.ts';
import { Rounds, type DueKey } from './rounds.ts';

/** What the validator is made of. `outbound` is its owner's to close. */
export interface ValidatorDeps {
  readonly bus: Bus;
  readonly calls: Calls;
  readonly vault: Vault;
  readonly outbound: Outbound;
  readonly auth: AdminAuth;
  readonly log: Logger;
  readonly clock: Clock;
  /** Numbers from 0 up to 1. */
  readonly random: () => number;
  /** Says which of several replicas keeps the schedule. */
  readonly coordination: Pick<Coordination, 'leases'>;
  /** How often it looks whether keys are due, ms; 5 s by default. */
  readonly tickMs?: number;
}

/** Probes keys: blacklisted ones on a schedule, any one on demand, and the upstreams of a group. */
export interface Validator extends Service {
  readonly router: Router;
  readonly registry: Registry;
}

/** Makes the validator. */
export function createValidator(deps: ValidatorDeps): Validator {
  const { bus, calls, vault, outbound, auth, log, clock, random } = deps;
  const registry = createMetricsRegistry({ service: 'validator' });
  const probes = new Counter({
    name: 'keymux_probes_total',
    help: 'Probes of keys by what asked for them and what they say of the key.',
    labelNames: ['trigger', 'says'],
    registers: [registry],
  });
  const config = new LiveConfig({ bus, calls, log });
  const prober = createProber({ outbound, clock });
  const stop = new AbortController();
  const asked = new Set<Promise<KeyChecked>>();
  let answering: Subscription | undefined;

  async function check(
    name: string,
    key: DueKey,
    { signal, trigger }: { signal: AbortSignal; trigger: 'schedule' | 'demand' },
  ): Promise<KeyChecked> {
    const told = (result: { ok: boolean; status: number | null; message: string; ms: number }) => ({
      group: name,
      key_id: key.id,
      at: new Date(clock.now()).toISOString(),
      ...result,
    });
    const failed = (message: string) => told({ ok: false, status: null, message, ms: 0 });
    const live = config.group(name);
    if (live === undefined) return failed('the group does not exist');
    const opened = openKey(vault, key.sealed);
    if (opened.kind === 'unreadable') return failed(opened.message);
    const { group, settings } = live;
    const request = { group, settings, secret: opened.secret, signal };
    const { says, status, message, ms } = await probeKey(prober, request, random);
    if (!signal.aborted) probes.inc({ trigger, says });
    return told({ ok: says === 'works', status, message, ms });
  }

  const rounds = new Rounds({
    bus,
    calls,
    config,
    log,
    clock,
    random,
    tickMs: deps.tickMs ?? 5_000,
    async check(group, key, signal) {
      const checked = await check(group, key, { signal, trigger: 'schedule' });
      return signal.aborted ? null : checked;
    },
  });

  const lease = new LeaseHolder({
    leases: deps.coordination.leases,
    name: 'validator-schedule',
    log,
    gained: (lost) => rounds.begin(lost),
  });
  new Gauge({
    name: 'keymux_validator_active',
    help: 'Whether this validator keeps the schedule: 1 of one of all replicas.',
    registers: [registry],
    collect() {
      this.set(lease.held ? 1 : 0);
    },
  });

  const isProbe = Compile(
    Type.Object({ group: Type.String(), key_id: Type.String(), sealed: Type.String() }),
  );
  async function answerProbe(request: unknown): Promise<KeyChecked> {
    if (!isProbe.Check(request)) throw new Error('the request is unreadable');
    if (!config.loaded) throw new Error('the config is not loaded yet');
    const { group, key_id, sealed } = request;
    const options = { signal: stop.signal, trigger: 'demand' } as const;
    const checking = check(group, { id: key_id, sealed }, options);
    asked.add(checking);
    return checking.finally(() => asked.delete(checking));
  }

  const handlersDeps: HandlersDeps = {
    calls,
    config,
    vault,
    prober,
    listModels: createModelLister({ outbound }),
    stopping: stop.signal,
    counted: (says) => probes.inc({ trigger: 'test', says }),
  };
  const router = createAdminRouter({
    operations: validatorOperations,
    handlers: {
      testGroup: createTestGroup(handlersDeps),
      testUpstreams: createTestUpstreams(handlersDeps),
    },
    auth,
    log,
    // Keys to test with are another service's: it may be away, or its store.
    isPassing: (error) => error instanceof CallFailed,
  });

  return {
    name: 'validator',
    router,
    registry,
    async start() {
      await config.start();
      answering = calls.answer('validator.probe', answerProbe);
      lease.start();
    },
    async stop() {
      stop.abort();
      await answering?.stop();
      await rounds.stop();
      await lease.stop();
      await Promise.allSettled(asked);
      await config.stop();
    },
  };
}
