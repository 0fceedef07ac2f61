import type { KeyStateChanged } from '@keymux/contracts';
import { newId } from '@keymux/service';
import { createVault, mask, type Vault } from '@keymux/vault';
import type { KeyCommand } from '../../key/command.ts';
import type { ListRequest } from '../../roster/key-list.ts';
import { onlyWritten } from '../../roster/ledger.ts';
import type { TaskRecord } from '../../tasks/task-record.ts';
import type { KeyStore } from '../key-store.ts';

/** Ids of keys whose rows are spoiled, each in its way. */
export interface SpoiledRows {
  /** Its condition is unreadable. */
  readonly unreadable: string;
  /** It is said to be disabled. */
  readonly disabled: string;
  /** It has another note, and a version that no event has. */
  readonly ahead: string;
  /** It is gone; its row belongs to `stray`. */
  readonly lost: string;
  /** A key that no event speaks of. */
  readonly stray: string;
}

/** A key store with a clock that a test sets, and what gateways were told. */
export interface TestedStore {
  readonly store: KeyStore;
  readonly vault: Vault;
  readonly clock: { nowMs: number; now: () => number };
  readonly told: KeyStateChanged[];
  /** Damages the roster behind the ledger's back. */
  spoil(rows: SpoiledRows): Promise<void>;
  /** Takes a verdict out of their list, and moves another one to where there is none; by position. */
  spoilVerdict(positions: { readonly lost: number; readonly stray: number }): Promise<void>;
  close(): Promise<void>;
}

export const testVault = (): Vault => createVault('an encryption key for tests');
export const testClock = () => {
  const clock = { nowMs: Date.parse('2026-01-01T00:00:00Z'), now: () => clock.nowMs };
  return clock;
};

/** Who makes events happen in tests. */
export const origin = (cause = newId()) => ({ cause, actor: 'test' });

/** Adds keys to the living pool of a group; their ids. */
export async function addKeys(
  { store, vault, clock }: Pick<TestedStore, 'store' | 'vault' | 'clock'>,
  group: string,
  secrets: readonly string[],
): Promise<string[]> {
  const { id: poolId } = await store.roster.pools.open(group);
  const fingerprints = secrets.map((secret) => vault.fingerprint(secret));
  const written = await store.roster.ledger.write({ adds: { poolId, fingerprints } }, (unit) =>
    secrets.flatMap((secret) => {
      const key = {
        id: newId(),
        sealed: vault.seal(secret),
        fingerprint: vault.fingerprint(secret),
        masked: mask(secret),
        taskId: null,
      };
      return unit.add(key, { ...origin(), nowMs: clock.now() }) === 'added' ? [key.id] : [];
    }),
  );
  return onlyWritten(written);
}

/** What tests of a key store work with; `on` is there once the store is open. */
export type Tested = ReturnType<typeof createTested>;

/** The short words of those tests. */
export function createTested(on: () => TestedStore) {
  let groups = 0;
  const newGroup = (): string => `g${(groups += 1)}`;
  const secretsOf = (group: string, count: number): string[] =>
    Array.from({ length: count }, (_, n) => `sk-${group}-${String(n).padStart(16, '0')}`);
  const poolId = async (group: string) => (await on().store.roster.pools.open(group)).id;
  const apply = async (id: string, command: KeyCommand) =>
    on().store.roster.ledger.write({ keyIds: [id] }, (unit) => unit.apply(id, command, origin()));
  const blacklist = (id: string, at: number): KeyCommand => ({
    kind: 'hear-failure',
    threshold: 3,
    nowMs: at,
    outcome: {
      kind: 'failure',
      key_id: id,
      at: new Date(at).toISOString(),
      verdict: 'blacklist',
      rule: 'billing',
      status: 402,
      message: 'no money',
      upstream: 'https://u',
      model: null,
      until: null,
      request_id: 'r',
    },
  });
  const list = async (group: string, more: Partial<ListRequest> = {}) =>
    on().store.roster.list.page({
      poolId: await poolId(group),
      filter: {},
      order: 'created_at',
      direction: 'ascending',
      after: null,
      limit: 100,
      ...more,
    });
  const batchOf = (group: string, batch: number) => ({
    producer: `p-${group}`,
    batch,
    group,
    acked_through: 0,
  });
  const newTask = async (group: string, more: Partial<TaskRecord> = {}) =>
    on().store.tasks.insert({
      id: newId(),
      kind: 'disable',
      group,
      poolId: await poolId(group),
      actor: 'test',
      input: { some: ['input'] },
      total: 3,
      result: {},
      createdMs: on().clock.now(),
      ...more,
    });
  const claim = (id: string, holder: string, nowMs = 0) =>
    on().store.tasks.claim(id, { holder, nowMs, untilMs: nowMs + 1_000 });
  return {
    get on() {
      return on();
    },
    newGroup,
    secretsOf,
    poolId,
    apply,
    blacklist,
    list,
    batchOf,
    newTask,
    claim,
  };
}
