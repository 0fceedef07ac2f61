import { createAudit } from '@keymux/audit';
import type { Bus, Calls, Subscription } from '@keymux/bus';
import { keymanagerOperations, type Task } from '@keymux/contracts';
import { isStoreAway } from '@keymux/event-store';
import { type AdminAuth, type Clock, type Logger, newId, type Service } from '@keymux/service';
import { createAdminRouter } from '@keymux/service/admin';
import type { Vault } from '@keymux/vault';
import type { Router } from 'express';
import type { Registry } from 'prom-client';
import { createHandlers } from './admin-api/handlers.ts';
import { answerCalls } from './answer-calls.ts';
import { closePool, isPoolDeletion } from './commands/close-pool.ts';
import { reseal } from './commands/reseal.ts';
import { createWorks } from './commands/works.ts';
import { createGroupDirectory } from './group-directory.ts';
import { createHeadroomBoard } from './headroom/headroom-board.ts';
import { createHearChecks } from './hear-checks.ts';
import { createHearOutcomes } from './hear-outcomes.ts';
import { createPoolSnapshotKeeper } from './history/pool-snapshot-keeper.ts';
import { createSnapshotKeeper } from './history/snapshot-keeper.ts';
import { createHousekeeping } from './housekeeping.ts';
import { createKeyStateBroadcast } from './key-state-broadcast.ts';
import { createLiveEvents } from './live-events.ts';
import type { KeyStore } from './key-store/key-store.ts';
import { createKeymanagerMetrics } from './metrics.ts';
import { taskView } from './tasks/task-record.ts';
import { createTaskRunner } from './tasks/task-runner.ts';

export { HouseProblem } from './house/house-line.ts';
export { packHouse } from './house/pack.ts';
export { unpackHouse } from './house/unpack.ts';
export type { KeyStore } from './key-store/key-store.ts';
export { openKeyStore } from './key-store/open-key-store.ts';
export { createSqliteKeyStore } from './key-store/sqlite.ts';
export { keymanagerMigrations } from './roster/sqlite/tables.ts';

/** What the keymanager works with. */
export interface KeymanagerDeps {
  readonly keyStore: KeyStore;
  readonly bus: Bus;
  readonly calls: Calls;
  readonly vault: Vault;
  readonly auth: AdminAuth;
  readonly log: Logger;
  readonly clock: Clock;
  /** Most bytes of an import; 512 MiB by default. */
  readonly maxImportBytes?: number;
}

export interface Keymanager extends Service {
  readonly router: Router;
  readonly registry: Registry;
  /**
   * Seals everything anew that is under the previous encryption key, after what a former run left of that.
   * Resolves with the task when it ended; never, when this service stops before.
   */
  reseal(actor: string): Promise<Task>;
}

const defaultImportBytes = 512 * 1024 * 1024;
/** A list of 100,000 ids, or of as many secrets of a usual length. */
const maxBodyBytes = 32 * 1024 * 1024;

/** Owns keys: imports and shows them, folds outcomes into their state, and tells gateways. */
export function createKeymanager(deps: KeymanagerDeps): Keymanager {
  const { keyStore, bus, calls, vault, auth, log, clock } = deps;
  const { events: store, roster, tasks, archive, snapshots, poolSnapshots, spool } = keyStore;
  const broadcast = createKeyStateBroadcast({ bus, clock, log });
  const metrics = createKeymanagerMetrics({ roster, tasks });
  const keeper = createSnapshotKeeper({ store, snapshots, clock, log });
  const poolKeeper = createPoolSnapshotKeeper({ roster, snapshots: poolSnapshots, clock, log });
  roster.ledger.tell((messages) => {
    metrics.published(messages.length);
    for (const { group, changes } of messages) {
      poolKeeper.changed(group, changes.length);
      for (const { id, state, version } of changes) {
        if (state === 'deleted') keeper.deleted(id);
        else keeper.changed(id, version);
      }
    }
    return broadcast.send(messages);
  });
  const live = createLiveEvents({ bus, auth, clock });
  const headroom = createHeadroomBoard({ bus, clock });
  const groups = createGroupDirectory({ bus, calls, log, listed: closeMissing, deleted: close });
  const runner = createTaskRunner({
    store: tasks,
    works: createWorks({
      roster,
      store,
      tasks,
      snapshots,
      poolKeeper,
      spool,
      groups,
      calls,
      vault,
      clock,
    }),
    clock,
    log,
    holder: newId(),
    isClosed: async (poolId) => (await roster.pools.byId(poolId))?.closed ?? true,
    mustFinish: isPoolDeletion,
    changed: (task) => live.taskChanged(taskView(task)),
  });
  const router = createAdminRouter({
    operations: keymanagerOperations,
    handlers: createHandlers({
      roster,
      store,
      tasks,
      archive,
      snapshots,
      poolSnapshots,
      runner,
      groups,
      spool,
      audit: createAudit({ store, clock }),
      live,
      headroom,
      calls,
      vault,
      clock,
      log,
      maxImportBytes: deps.maxImportBytes ?? defaultImportBytes,
    }),
    auth,
    log,
    isPassing: isStoreAway,
    maxBodyBytes,
  });
  const { ledger } = roster;
  const housekeeping = createHousekeeping({ ledger, tasks, archive, groups, clock, log });
  const hearOutcomes = createHearOutcomes({ ledger, groups, clock, log, heard: metrics.heard });
  const hearChecks = createHearChecks({ ledger, clock, log });
  let subscriptions: Subscription[] = [];
  let stopped = false;

  function close(group: string): void {
    closePool({ roster, runner, clock }, group).catch((error: unknown) => {
      // The next snapshot of the config tells it again.
      log.error({ err: error, group }, 'the keys of a deleted group could not be let go');
    });
  }

  // A group may have been deleted while this service was away.
  function closeMissing(names: ReadonlySet<string>): void {
    roster.pools.all().then(
      (pools) => {
        for (const pool of pools) if (!names.has(pool.name)) close(pool.name);
      },
      (error: unknown) =>
        log.warn({ err: error }, 'pools of deleted groups could not be looked for'),
    );
  }

  return {
    name: 'keymanager',
    router,
    registry: metrics.registry,
    reseal: (actor) => reseal({ tasks, runner, vault, clock, isStopped: () => stopped }, actor),
    async start() {
      await keyStore.start();
      await spool.sweep(new Set((await tasks.unfinished()).map((task) => task.id)));
      housekeeping.start();
      await live.start();
      await headroom.start();
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
      stopped = true;
      housekeeping.stop();
      await Promise.all(subscriptions.map((each) => each.stop()));
      await groups.stop();
      await runner.stop();
      await broadcast.stop();
      await headroom.stop();
      await live.stop();
      await keeper.stop();
      await poolKeeper.stop();
      await keyStore.stop();
    },
  };
}
