import type { DatabaseSync } from 'node:sqlite';
import type { KeyStateChanged, PoolKey } from '@keymux/contracts';
import {
  createSqliteEventStore,
  eventStoreMigrations,
  type SqliteEventStore,
} from '@keymux/event-store';
import { migrate, newId, openDatabase } from '@keymux/service';
import { createVault, mask, type Vault } from '@keymux/vault';
import {
  createSqliteOutcomeArchive,
  type SqliteOutcomeArchive,
} from '../../outcome-archive/sqlite/outcome-archive.ts';
import { createSqliteTaskStore } from '../../tasks/sqlite/task-store.ts';
import { onlyWritten } from '../ledger.ts';
import type { Roster } from '../roster.ts';
import { createSqliteRoster } from './roster.ts';
import { keymanagerMigrations } from './tables.ts';

/** A roster in memory for tests, with a clock that a test sets and what gateways would hear. */
export interface MemoryRoster extends Roster {
  readonly archive: SqliteOutcomeArchive;
  readonly db: DatabaseSync;
  readonly store: SqliteEventStore;
  readonly vault: Vault;
  readonly clock: { nowMs: number; now: () => number };
  readonly told: KeyStateChanged[];
  /** What a gateway that heard everything knows of a pool. */
  heardPool(group: string): Map<string, PoolKey>;
  /** Adds keys to a group; their ids. */
  addKeys(group: string, secrets: readonly string[]): Promise<string[]>;
}

/** Opens a migrated database, in memory unless a path is given. */
export function openMigrated(path = ':memory:'): DatabaseSync {
  const opened = openDatabase(path);
  if (opened.kind !== 'open') throw new Error(opened.message);
  const { db } = opened;
  const migrated = migrate(db, [...eventStoreMigrations, ...keymanagerMigrations]);
  if (migrated.kind !== 'migrated') throw new Error(migrated.message);
  return db;
}

/** Makes a roster that begins at 2026-01-01. */
export function createMemoryRoster(): MemoryRoster {
  const db = openMigrated();
  const store = createSqliteEventStore(db);
  const vault = createVault('an encryption key for tests');
  const clock = { nowMs: Date.parse('2026-01-01T00:00:00Z'), now: () => clock.nowMs };
  const told: KeyStateChanged[] = [];
  const tasks = createSqliteTaskStore(db);
  const archive = createSqliteOutcomeArchive(db);
  const roster = createSqliteRoster({ db, store, tasks, archive, vault, clock });
  roster.ledger.tell(async (messages) => void told.push(...messages));
  return {
    ...roster,
    archive,
    db,
    store,
    vault,
    clock,
    told,
    heardPool: (group) => {
      const pool = new Map<string, PoolKey>();
      for (const { changes } of told.filter((message) => message.group === group)) {
        for (const key of changes) {
          if (key.state === 'deleted') pool.delete(key.id);
          else pool.set(key.id, key);
        }
      }
      return pool;
    },
    addKeys: async (group, secrets) => {
      const { id: poolId } = await roster.pools.open(group);
      const fingerprints = secrets.map((secret) => vault.fingerprint(secret));
      const written = await roster.ledger.write({ adds: { poolId, fingerprints } }, (unit) => {
        const origin = { cause: newId(), actor: 'test', nowMs: clock.now() };
        return secrets.map((secret) => {
          const id = newId();
          const sealed = vault.seal(secret);
          const fingerprint = vault.fingerprint(secret);
          unit.add({ id, sealed, fingerprint, masked: mask(secret), taskId: null }, origin);
          return id;
        });
      });
      return onlyWritten(written);
    },
  };
}
