import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Bus, Calls, Subscription } from '@keymux/bus';
import { keymanagerOperations, type Task } from '@keymux/contracts';
import type { SqliteEventStore } from '@keymux/event-store';
import {
  type AdminAuth,
  type Clock,
  createAdminRouter,
  type Logger,
  newId,
  type Service,
} from '@keymux/service';
import type { Vault } from '@keymux/vault';
import type { Router } from 'express';
import type { Registry } from 'prom-client';
import { createHandlers } from './admin-api/handlers.ts';
import { answerCalls } from './answer-calls.ts';
import { createAudit } from './audit.ts';
import { closePool, isPoolDeletion } from './commands/close-pool.ts';
import { createWorks } from './commands/works.ts';
import { createGroupDirectory } from './group-directory.ts';
import { createHearChecks } from './hear-checks.ts';
import { createHearOutcomes } from './hear-outcomes.ts';
import { createSpool } from './import/spool.ts';
import { createKeyStateBroadcast } from './key-state-broadcast.ts';
import { createLiveEvents } from './live-events.ts';
import { createKeymanagerMetrics } from './metrics.ts';
import { createRoster } from './roster/roster.ts';
import { isFinished, taskView } from './tasks/task-record.ts';
import { createTaskRunner } from './tasks/task-runner.ts';
import { createTaskStore } from './tasks/task-store.ts';

export { rebuildRoster } from './roster/rebuild.ts';
export { createRoster, type Roster } from './roster/roster.ts';
export { keymanagerMigrations } from './roster/tables.ts';

/** What the keymanager works with; `db` is migrated and shared with `store`. */
export interface KeymanagerDeps {
  readonly db: DatabaseSync;
  readonly store: SqliteEventStore;
  readonly bus: Bus;
  readonly calls: Calls;
  readonly vault: Vault;
  readonly auth: AdminAuth;
  readonly log: Logger;
  readonly clock: Clock;
  /** Uploads wait in its folder `tasks`, sealed. */
  readonly dataDir: string;
  /** Most bytes of an import; 512 MiB by default. */
  readonly maxImportBytes?: number;
}

export interface Keymanager extends Service {
  readonly router: Router;
  readonly registry: Registry;
  /**
   * Seals all keys anew that are under the previous encryption key, as a task: the one that a former
   * run left, or a new one. Resolves with it when it ended; never, when this service stops before.
   */
  reseal(actor: string): Promise<Task>;
}

const defaultImportBytes = 512 * 1024 * 1024;
/** A list of 100,000 ids, or of as many secrets of a usual length. */
const maxBodyBytes = 32 * 1024 * 1024;
const housekeepingMs = 3_600_000;
const minutesKeptMs = 48 * 3_600_000;
const tasksKeptMs = 30 * 24 * 3_600_000;

/** Owns keys: imports and shows them, folds outcomes into their state, and tells gateways. */
export function createKeymanager(deps: KeymanagerDeps): Keymanager {
  const { db, store, bus, calls, vault, auth, log, clock, dataDir } = deps;
  const tasks = createTaskStore(db);
  const spool = createSpool(join(dataDir, 'tasks'));
  const broadcast = createKeyStateBroadcast({ bus, clock, log });
  const roster = createRoster({
    db,
    store,
    vault,
    clock,
    changed: (messages) => {
      metrics.published(messages.length);
      broadcast.send(messages);
    },
  });
  const metrics = createKeymanagerMetrics({ roster, tasks });
  const live = createLiveEvents({ bus, clock });
  const groups = createGroupDirectory({ bus, calls, log, listed: closeMissing, deleted: close });
  const runner = createTaskRunner({
    store: tasks,
    works: createWorks({ roster, store, tasks, spool, groups, calls, vault, clock }),
    clock,
    log,
    isClosed: (poolId) => roster.pools.isClosed(poolId),
    mustFinish: isPoolDeletion,
    changed: (task) => {
      live.taskChanged(taskView(task));
      if (isFinished(task.state)) waiting.get(task.id)?.(taskView(task));
    },
  });
  const router = createAdminRouter({
    operations: keymanagerOperations,
    handlers: createHandlers({
      roster,
      store,
      tasks,
      runner,
      groups,
      spool,
      audit: createAudit({ store, clock }),
      live,
      calls,
      vault,
      clock,
      log,
      maxImportBytes: deps.maxImportBytes ?? defaultImportBytes,
    }),
    auth,
    log,
    maxBodyBytes,
  });
  const hearOutcomes = createHearOutcomes({ ...roster, groups, clock, log, heard: metrics.heard });
  const hearChecks = createHearChecks({ ...roster, clock, log });
  const waiting = new Map<string, (ended: Task) => void>();
  let subscriptions: Subscription[] = [];
  let housekeeping: NodeJS.Timeout | undefined;

  function close(group: string): void {
    closePool({ roster, tasks, runner, clock }, group).catch((error: unknown) => {
      // The next snapshot of the config tells it again.
      log.error({ err: error, group }, 'the keys of a deleted group could not be let go');
    });
  }

  // A group may have been deleted while this service was away.
  function closeMissing(names: ReadonlySet<string>): void {
    for (const pool of roster.pools.all()) if (!names.has(pool.name)) close(pool.name);
  }

  function keepHouse(): void {
    const nowMs = clock.now();
    roster.usage.pruneMinutes(nowMs - minutesKeptMs);
    tasks.prune(nowMs - tasksKeptMs);
  }

  return {
    name: 'keymanager',
    router,
    registry: metrics.registry,
    reseal: (actor) =>
      new Promise((resolve) => {
        const left = tasks.unfinished().find(({ kind }) => kind === 'reseal');
        const id = left?.id ?? newId();
        waiting.set(id, (ended) => {
          waiting.delete(id);
          resolve(ended);
        });
        if (left !== undefined) return;
        runner.submit({
          kind: 'reseal',
          id,
          group: null,
          poolId: null,
          actor,
          input: {},
          total: null,
          result: { resealed: 0, events: 0 },
          createdMs: clock.now(),
        });
      }),
    async start() {
      await spool.sweep(new Set(tasks.unfinished().map((task) => task.id)));
      keepHouse();
      housekeeping = setInterval(keepHouse, housekeepingMs);
      await live.start();
      await groups.start();
      runner.start();
      subscriptions = answerCalls({ calls, roster, groups, runner, clock });
      // What cannot be stored now is tried for ever; the handlers themselves park what is broken.
      const forever = { durable: 'keymanager', maxDeliveries: Number.MAX_SAFE_INTEGER };
      subscriptions.push(
        await bus.consume('KEY_OUTCOMES', forever, hearOutcomes),
        await bus.consume('KEY_CHECKS', forever, hearChecks),
      );
    },
    async stop() {
      clearInterval(housekeeping);
      await Promise.all(subscriptions.map((each) => each.stop()));
      await groups.stop();
      await runner.stop();
      await broadcast.stop();
      await live.stop();
    },
  };
}
