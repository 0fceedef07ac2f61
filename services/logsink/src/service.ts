import type { Bus, Calls, DeadLetterStore, Subscription } from '@keymux/bus';
import { logsinkOperations } from '@keymux/contracts';
import {
  type AdminAuth,
  type Clock,
  createAdminRouter,
  createMetricsRegistry,
  type Logger,
  newId,
  type Service,
} from '@keymux/service';
import type { Router } from 'express';
import { Counter, Gauge, type Registry } from 'prom-client';
import { Intake } from './intake.ts';
import { createSqliteLogStore } from './log-store/sqlite-log-store.ts';
import { LogSettings } from './log-settings.ts';
import { createHandlers } from './query-api/handlers.ts';
import { LiveTail } from './query-api/live-tail.ts';
import { dropBeforeMs } from './retention.ts';

const retentionEveryMs = 3_600_000;

export interface LogsinkDeps {
  readonly logsDirectory: string;
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
  const { bus, calls, auth, log, clock, deadLetters } = deps;
  const registry = createMetricsRegistry({ service: 'logsink', processMetrics: false });
  const registers = [registry];
  const store = createSqliteLogStore(deps.logsDirectory);
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
    collect() {
      this.set(store.sizeBytes());
    },
  });
  new Gauge({
    name: 'keymux_dead_letters',
    help: 'Messages that nobody could read.',
    registers,
    async collect() {
      this.set(await deadLetters.count());
    },
  });
  const tail = new LiveTail();
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
    intervalMs: () => settings.writeIntervalMs,
    came: (came) => tail.tell(came),
    wrote: (counts) => {
      rows.inc({ result: 'written' }, counts.rows);
      rows.inc({ result: 'duplicate' }, counts.duplicates);
    },
    unreadable: (text, reason) => {
      rows.inc({ result: 'unreadable' });
      const message = {
        id: newId(),
        type: 'keymux.log.row',
        version: 1,
        time: new Date(clock.now()).toISOString(),
        source: 'logsink',
        subject: 'log.request.unreadable',
        data: text.slice(0, 65_536),
      };
      deadLetters.park('REQUEST_LOGS', message, reason).catch((error: unknown) => {
        log.error({ err: error, id: message.id }, 'an unreadable row was not kept');
      });
    },
  });
  const router = createAdminRouter({
    operations: logsinkOperations,
    handlers: createHandlers({ store, tail, calls, clock, log, deadLetters }),
    auth,
    log,
  });
  let consuming: Subscription | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function retain(): Promise<void> {
    const timeMs = dropBeforeMs(settings.retentionDays, clock.now());
    if (timeMs === null) return;
    try {
      const dropped = await store.dropBefore(timeMs);
      if (dropped.length > 0) log.info({ days: dropped }, 'dropped request logs');
    } catch (error) {
      log.error({ err: error }, 'old request logs cannot be dropped');
    }
  }

  return {
    name: 'logsink',
    router,
    registry,
    async start() {
      await settings.start();
      consuming = await bus.consume(
        'REQUEST_LOGS',
        { durable: 'logsink', maxInFlight: 10_000, maxInFlightPerSubject: 10_000 },
        (message) => intake.handle(message),
      );
      timer = setInterval(() => void retain(), retentionEveryMs);
    },
    async stop() {
      clearInterval(timer);
      tail.stop();
      await intake.stop();
      await consuming?.stop();
      await settings.stop();
      store.close();
    },
  };
}
