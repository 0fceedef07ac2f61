export { createLogStore, type LogPlace } from './log-store/create-log-store.ts';
export type { LogFilter } from './log-store/log-filter.ts';
export { openLogStore } from './log-store/open-log-store.ts';
export type { OpenLogStore, SumQuery } from './log-store/log-store.ts';
import type { Bus, Calls, DeadLetterStore, Subscription } from '@keymux/bus';
import { logsinkOperations } from '@keymux/contracts';
import {
  type AdminAuth,
  type Clock,
  createMetricsRegistry,
  type Logger,
  newId,
  type Service,
} from '@keymux/service';
import { createAdminRouter } from '@keymux/service/admin';
import type { Router } from 'express';
import { Counter, Gauge, type Registry } from 'prom-client';
import { Intake } from './intake.ts';
import { isPassing } from './is-passing.ts';
import type { OpenLogStore } from './log-store/log-store.ts';
import { LogSettings } from './log-settings.ts';
import { createHandlers } from './query-api/handlers.ts';
import { LiveTail } from './query-api/live-tail.ts';
import type { Poison } from './log-store/received-rows.ts';
import { dropBeforeMs } from './retention.ts';

const retentionEveryMs = 3_600_000;
/** What waits is not acknowledged yet: the bus must not take it for lost. */
const longestWaitMs = 60_000;
const ackWaitMs = 150_000;
/** A store that is away for a day loses no row; a message that cannot be handled is none of its rows. */
const maxDeliveries = 10_000;
const maxInFlight = 1_000;

export interface LogsinkDeps {
  /** Opened and closed by the logsink. */
  readonly store: OpenLogStore;
  readonly bus: Bus;
  readonly calls: Calls;
  readonly auth: AdminAuth;
  readonly log: Logger;
  readonly clock: Clock;
  readonly deadLetters: DeadLetterStore;
}

export interface Logsink extends Service {
  readonly router: Router;
  readonly registry: Registry;
}

/** Takes request logs off the bus, keeps them by the day, and answers questions about them. */
export function createLogsink(deps: LogsinkDeps): Logsink {
  const { store, bus, calls, auth, log, clock, deadLetters } = deps;
  const registry = createMetricsRegistry({ service: 'logsink' });
  const registers = [registry];
  const rows = new Counter({
    name: 'keymux_log_rows_total',
    help: 'Log rows by what became of them.',
    labelNames: ['result'],
    registers,
  });
  new Gauge({
    name: 'keymux_log_bytes',
    help: 'Bytes of request logs on disk.',
    registers,
    async collect() {
      // What does not answer now must not hide the other metrics.
      this.set(await store.sizeBytes().catch(() => Number.NaN));
    },
  });
  new Gauge({
    name: 'keymux_dead_letters',
    help: 'Messages that nobody could read.',
    registers,
    async collect() {
      this.set(await deadLetters.count().catch(() => Number.NaN));
    },
  });
  const tail = new LiveTail({
    follow: (hear) => bus.follow('REQUEST_LOGS', ({ data }) => hear(data)),
    auth,
    log,
  });
  // A shorter interval is for the rows that wait already, too.
  const settings: LogSettings = new LogSettings({
    bus,
    calls,
    log,
    changed: () => {
      intake.flush();
      void retain();
    },
  });
  const intake = new Intake({
    store,
    log,
    intervalMs: () => Math.min(settings.writeIntervalMs, longestWaitMs),
    wrote: ({ written, duplicates, expired, poison }) => {
      rows.inc({ result: 'written' }, written);
      rows.inc({ result: 'duplicate' }, duplicates);
      rows.inc({ result: 'expired' }, expired);
      rows.inc({ result: 'unreadable' }, poison.length);
      return Promise.all(poison.map(park));
    },
  });
  const router = createAdminRouter({
    operations: logsinkOperations,
    handlers: createHandlers({ store, tail, calls, clock, log, deadLetters }),
    auth,
    log,
    isPassing,
  });
  let consuming: Subscription | undefined;
  let timer: NodeJS.Timeout | undefined;

  function park({ json, reason }: Poison): Promise<void> {
    const message = {
      id: newId(),
      type: 'keymux.log.row',
      version: 1,
      time: new Date(clock.now()).toISOString(),
      source: 'logsink',
      subject: 'log.request.unreadable',
      data: json.slice(0, 65_536),
    };
    return deadLetters.park('REQUEST_LOGS', message, reason);
  }

  async function retain(): Promise<void> {
    const timeMs = dropBeforeMs(settings.retentionDays, clock.now());
    if (timeMs === null) return;
    try {
      const dropped = await store.dropBefore(timeMs);
      if (dropped.length > 0) log.info({ days: dropped }, 'dropped request logs');
    } catch (error) {
      log.warn({ err: error }, 'old request logs not dropped; trying again in an hour');
    }
  }

  return {
    name: 'logsink',
    router,
    registry,
    async start() {
      await store.open();
      await settings.start();
      tail.start();
      consuming = await bus.consume(
        'REQUEST_LOGS',
        {
          durable: 'logsink',
          ackWaitMs,
          maxDeliveries,
          maxInFlight,
          maxInFlightPerSubject: maxInFlight,
        },
        (message, delivery) => intake.handle(message, delivery),
      );
      timer = setInterval(() => void retain(), retentionEveryMs);
    },
    async stop() {
      clearInterval(timer);
      await tail.stop();
      await intake.stop();
      await consuming?.stop();
      await settings.stop();
      await store.close();
    },
  };
}
