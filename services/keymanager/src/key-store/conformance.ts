import type { KeyStateChanged } from '@keymux/contracts';
import { newId } from '@keymux/service';
import { createVault, mask, type Vault } from '@keymux/vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyCommand } from '../key/command.ts';
import { onlyWritten } from '../roster/ledger.ts';
import type { ListRequest } from '../roster/key-list.ts';
import type { TaskRecord } from '../tasks/task-record.ts';
import type { KeyStore } from './key-store.ts';

/** A key store with a clock that a test sets, and what gateways were told. */
export interface TestedStore {
  readonly store: KeyStore;
  readonly vault: Vault;
  readonly clock: { nowMs: number; now: () => number };
  readonly told: KeyStateChanged[];
  close(): Promise<void>;
}

export const testVault = (): Vault => createVault('an encryption key for tests');
export const testClock = () => {
  const clock = { nowMs: Date.parse('2026-01-01T00:00:00Z'), now: () => clock.nowMs };
  return clock;
};

const origin = (cause = newId()) => ({ cause, actor: 'test' });

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

/** What every key store promises; each adapter runs it. */
export function keyStoreConformance(name: string, make: () => Promise<TestedStore>): void {
  describe(`${name} keeps the promises of a key store`, { timeout: 60_000 }, () => {
    let on: TestedStore;
    let groups = 0;
    beforeAll(async () => {
      on = await make();
    }, 120_000);
    afterAll(() => on.close());
    const newGroup = (): string => `g${(groups += 1)}`;
    const secretsOf = (group: string, count: number): string[] =>
      Array.from({ length: count }, (_, n) => `sk-${group}-${String(n).padStart(16, '0')}`);
    const poolId = async (group: string) => (await on.store.roster.pools.open(group)).id;
    const apply = async (id: string, command: KeyCommand) =>
      on.store.roster.ledger.write({ keyIds: [id] }, (unit) => unit.apply(id, command, origin()));
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
      on.store.roster.list.page({
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
      on.store.tasks.insert({
        id: newId(),
        kind: 'disable',
        group,
        poolId: await poolId(group),
        actor: 'test',
        input: { some: ['input'] },
        total: 3,
        result: {},
        createdMs: on.clock.now(),
        ...more,
      });
    const claim = (id: string, holder: string, nowMs = 0) =>
      on.store.tasks.claim(id, { holder, nowMs, untilMs: nowMs + 1_000 });

    describe('writes', () => {
      it('keep events, state, counts and what gateways hear together', async () => {
        const group = newGroup();
        const [a = '', b = ''] = await addKeys(on, group, secretsOf(group, 2));
        const nowMs = on.clock.now();
        const { ledger, keys } = on.store.roster;
        await ledger.write({ keyIds: [a, b], batch: batchOf(group, 1) }, (unit) => {
          unit.apply(a, blacklist(a, nowMs), origin());
          unit.count(a, { requests: 3, failures: 1, lastUsedMs: nowMs });
          unit.count(b, { requests: 5, failures: 0, lastUsedMs: nowMs - 1 });
        });
        expect(await keys.find(a)).toMatchObject({
          version: 2,
          state: { status: 'blacklisted' },
          usage: { requests: 3, failures: 1, lastUsedMs: nowMs },
        });
        expect(await keys.find(b)).toMatchObject({ version: 1, usage: { requests: 5 } });
        const types = (await on.store.events.read(`key-${a}`)).map(({ type }) => type);
        expect(types).toEqual(['KeyImported', 'KeyBlacklisted']);
        const told = on.told.filter((each) => each.group === group);
        expect(told.map((each) => [each.pool_revision, each.changes.length])).toEqual([
          [1, 2],
          [2, 1],
        ]);
        expect(told[1]?.changes[0]).toMatchObject({ id: a, state: 'blacklisted', version: 2 });
        expect((await on.store.roster.pools.find(group))?.revision).toBe(2);
      });

      it('handle a batch once, and a cause once', async () => {
        const group = newGroup();
        const [a = ''] = await addKeys(on, group, secretsOf(group, 1));
        const { ledger, keys } = on.store.roster;
        const count = (batch: number) =>
          ledger.write({ keyIds: [a], batch: batchOf(group, batch) }, (unit) =>
            unit.count(a, { requests: 1, failures: 0, lastUsedMs: 1 }),
          );
        expect((await count(1)).kind).toBe('written');
        expect((await Promise.all([count(1), count(2), count(2)])).map(({ kind }) => kind)).toEqual(
          ['duplicate', 'written', 'duplicate'],
        );
        expect((await keys.find(a))?.usage.requests).toBe(2);
        const note = () =>
          ledger.write({ keyIds: [a] }, (unit) => {
            const before = unit.find(a)?.state.note ?? '';
            const command = { kind: 'note', note: `${before}x`, nowMs: 1 } as const;
            unit.apply(a, command, { cause: `cause-${group}`, actor: 'test' });
          });
        expect((await note()).kind).toBe('written');
        expect((await note()).kind).toBe('duplicate');
        expect((await keys.find(a))?.state.note).toBe('x');
      });

      it('see what was written at the same time', async () => {
        const group = newGroup();
        const [a = ''] = await addKeys(on, group, secretsOf(group, 1));
        const { ledger, keys } = on.store.roster;
        await Promise.all(
          Array.from({ length: 10 }, () =>
            ledger.write({ keyIds: [a] }, (unit) => {
              const note = `${unit.find(a)?.state.note ?? ''}x`;
              unit.apply(a, { kind: 'note', note, nowMs: 1 }, origin());
            }),
          ),
        );
        expect(await keys.find(a)).toMatchObject({ version: 11, state: { note: 'x'.repeat(10) } });
        const told = on.told.filter((each) => each.group === group);
        expect(told.map((each) => each.pool_revision)).toEqual(told.map((_, n) => n + 1));
      });

      it('add a secret once to a pool, and again when it was deleted', async () => {
        const group = newGroup();
        const [secret = ''] = secretsOf(group, 1);
        const [a = ''] = await addKeys(on, group, [secret, secret]);
        expect(await addKeys(on, group, [secret])).toEqual([]);
        const fingerprint = on.vault.fingerprint(secret);
        const ids = await on.store.roster.keys.idsBySecret(await poolId(group), [fingerprint, 'x']);
        expect([...ids]).toEqual([[fingerprint, a]]);
        await apply(a, { kind: 'delete', nowMs: 1 });
        expect(await on.store.roster.keys.find(a)).toBeUndefined();
        expect(on.told.at(-1)?.changes).toMatchObject([{ id: a, state: 'deleted' }]);
        const [b = ''] = await addKeys(on, group, [secret]);
        expect((await list(group)).keys.map(({ id }) => id)).toEqual([b]);
      });

      it('count nothing for keys that are not there', async () => {
        const group = newGroup();
        const written = await on.store.roster.ledger.write(
          { keyIds: ['nobody'], batch: batchOf(group, 1) },
          (unit) => {
            unit.count('nobody', { requests: 1, failures: 0, lastUsedMs: 1 });
            return unit.apply('nobody', { kind: 'disable', nowMs: 1 }, origin());
          },
        );
        expect(written).toEqual({ kind: 'written', result: [] });
      });

      it('follow a key to a new fingerprint', async () => {
        const group = newGroup();
        const [a = ''] = await addKeys(on, group, secretsOf(group, 1));
        await apply(a, { kind: 'reseal', sealed: 's', fingerprint: `f-${group}`, nowMs: 1 });
        const ids = await on.store.roster.keys.idsBySecret(await poolId(group), [`f-${group}`]);
        expect([...ids.values()]).toEqual([a]);
      });
    });

    describe('pools', () => {
      it('lose their name with their group; a new one of the name goes on counting', async () => {
        const group = newGroup();
        const { pools, ledger } = on.store.roster;
        const [a = ''] = await addKeys(on, group, secretsOf(group, 1));
        const first = await pools.open(group);
        const close = () => ledger.closePool(first.id, { ...origin('close'), nowMs: 1 });
        await close();
        await close();
        expect(await pools.find(group)).toBeUndefined();
        expect(await pools.byId(first.id)).toMatchObject({ closed: true, name: group });
        const adds = { poolId: first.id, fingerprints: [] };
        expect(await ledger.write({ adds }, () => 1)).toEqual({ kind: 'stopped' });
        const second = await pools.open(group);
        expect(second.id).not.toBe(first.id);
        expect(second.revision).toBeGreaterThan(first.revision);
        const told = on.told.length;
        await apply(a, { kind: 'delete', nowMs: 1 });
        expect(on.told).toHaveLength(told);
        expect(await on.store.roster.keys.find(a)).toBeUndefined();
        expect((await pools.all()).map(({ id }) => id)).toContain(second.id);
        expect((await pools.all()).map(({ id }) => id)).not.toContain(first.id);
      });

      it('are opened once, however many ask', async () => {
        const group = newGroup();
        const opened = await Promise.all([1, 2, 3].map(() => on.store.roster.pools.open(group)));
        expect(new Set(opened.map(({ id }) => id)).size).toBe(1);
      });

      it('are read in pages, by what is due, by what may be tried, and counted', async () => {
        const group = newGroup();
        const { reader, ledger } = on.store.roster;
        const ids = await addKeys(on, group, secretsOf(group, 5));
        const [a = '', b = '', c = ''] = ids;
        const nowMs = on.clock.now();
        const first = await reader.page(group, null, 3);
        const rest = await reader.page(group, first.next, 3);
        expect([...first.keys, ...rest.keys].map(({ id }) => id)).toEqual(ids);
        expect(rest.next).toBeNull();
        expect(first.pool_revision).toBe(1);
        await apply(a, blacklist(a, nowMs));
        await apply(b, { kind: 'disable', nowMs });
        const cooldown = {
          kind: 'hear-failure',
          threshold: 3,
          nowMs,
          outcome: {
            ...Object(Reflect.get(blacklist(c, nowMs), 'outcome')),
            verdict: 'cooldown',
            until: new Date(nowMs + 60_000).toISOString(),
          },
        } as const;
        await ledger.write({ keyIds: [c] }, (unit) => unit.apply(c, cooldown, origin()));
        expect((await reader.counts())[group]).toEqual({
          active: 2,
          cooling: 1,
          blacklisted: 1,
          disabled: 1,
        });
        expect((await reader.due(group, nowMs, 10)).keys).toEqual([]);
        expect((await reader.due(group, nowMs + 1, 10)).keys).toMatchObject([{ id: a }]);
        expect(await reader.pick(group)).toMatchObject({ key: { id: ids[3] } });
        expect(await reader.pick('nothing')).toEqual({ key: null });
        expect(await reader.page('nothing', null, 3)).toEqual({
          pool_revision: 0,
          keys: [],
          next: null,
        });
        for (const [status, count] of [
          ['active', 2],
          ['cooling', 1],
          ['blacklisted', 1],
          ['disabled', 1],
        ] as const) {
          expect((await list(group, { filter: { status } })).keys).toHaveLength(count);
          expect(await on.store.roster.list.count(await poolId(group), { status })).toBe(count);
        }
        const rule = {
          rule: 'billing',
          sinceMs: nowMs,
          untilMs: nowMs,
          status: 'blacklisted',
        } as const;
        expect((await list(group, { filter: rule })).keys.map(({ id }) => id)).toEqual([a]);
        expect((await list(group, { filter: { ids: [b, 'x'] } })).keys).toHaveLength(1);
      });
    });

    describe('lists', () => {
      it('go in any order, in pages without a gap', async () => {
        const group = newGroup();
        const ids = await addKeys(on, group, secretsOf(group, 7));
        await on.store.roster.ledger.write({ keyIds: ids, batch: batchOf(group, 1) }, (unit) => {
          for (const [n, id] of ids.entries()) {
            const used = { requests: n % 3, failures: (n * 5) % 7, lastUsedMs: 1_000 + (n % 2) };
            unit.count(id, used);
          }
        });
        for (const order of ['created_at', 'requests', 'failures', 'last_used_at'] as const) {
          for (const direction of ['ascending', 'descending'] as const) {
            const whole = (await list(group, { order, direction })).keys;
            const value = (key: (typeof whole)[number]) =>
              ({
                created_at: key.seq,
                requests: key.usage.requests,
                failures: key.usage.failures,
                last_used_at: key.usage.lastUsedMs,
              })[order];
            const way = direction === 'ascending' ? 1 : -1;
            const sorted = whole.toSorted((x, y) => way * (value(x) - value(y) || x.seq - y.seq));
            expect(whole.map(({ id }) => id)).toEqual(sorted.map(({ id }) => id));
            const paged: string[] = [];
            let after: ListRequest['after'] = null;
            do {
              const page = await list(group, { order, direction, after, limit: 3 });
              paged.push(...page.keys.map(({ id }) => id));
              after = page.next;
            } while (after !== null);
            expect(paged).toEqual(whole.map(({ id }) => id));
          }
        }
        const { keys } = await list(group);
        expect(await on.store.roster.list.lastSeq(await poolId(group))).toBe(keys.at(-1)?.seq);
        const upToSeq = keys[2]?.seq ?? 0;
        expect((await list(group, { filter: { upToSeq } })).keys).toHaveLength(3);
        const next = await on.store.roster.keys.after(keys[2]?.seq ?? 0, 2);
        expect(next.map(({ id }) => id)).toEqual([ids[3], ids[4]]);
      });

      it('find a key by its whole, its end, its id or its note', async () => {
        const group = newGroup();
        const secrets = secretsOf(group, 12);
        const ids = await addKeys(on, group, secrets);
        await apply(ids[4] ?? '', { kind: 'note', note: 'The Team (a+b)', nowMs: 1 });
        const search = async (text: string) => {
          const seqs = await on.store.roster.search(await poolId(group), text);
          return (await list(group, { filter: { seqs } })).keys.map(({ id }) => id);
        };
        expect(await search(secrets[3] ?? '')).toEqual([ids[3]]);
        expect(await search(secrets[3]?.slice(-4) ?? '')).toEqual([ids[3]]);
        expect(await search(secrets[11]?.slice(-9) ?? '')).toEqual([ids[11]]);
        expect(await search(ids[2] ?? '')).toEqual([ids[2]]);
        expect(await search('team (A+')).toEqual([ids[4]]);
        expect(await search('nothing like it')).toEqual([]);
      });
    });

    describe('tasks', () => {
      it('are kept, listed newest first, counted and forgotten', async () => {
        const group = newGroup();
        const a = await newTask(group);
        const b = await newTask(group, { processed: 2 });
        expect(await on.store.tasks.find(a.id)).toEqual(a);
        expect(await newTask(group, { id: a.id, total: 9 })).toEqual(a);
        expect(a).toMatchObject({ state: 'queued', input: { some: ['input'] }, total: 3 });
        const page = await on.store.tasks.page({ state: null, beforeSeq: null, limit: 1 });
        expect(page.tasks).toEqual([b]);
        const next = await on.store.tasks.page({ state: null, beforeSeq: page.next, limit: 1 });
        expect(next.tasks).toEqual([a]);
        const ids = (await on.store.tasks.unfinished()).map(({ id }) => id);
        expect(ids.slice(-2)).toEqual([a.id, b.id]);
        const queued = await on.store.tasks.count('queued');
        expect(await on.store.tasks.move(b.id, { state: 'cancelled', atMs: 5 })).toBe(true);
        expect(await on.store.tasks.move(b.id, { state: 'done', atMs: 6 })).toBe(false);
        expect(await on.store.tasks.count('queued')).toBe(queued - 1);
        expect(await on.store.tasks.find(b.id)).toMatchObject({ state: 'cancelled', endedMs: 5 });
        await on.store.tasks.progress(a, { position: 1, processed: 1, result: { n: 1 }, total: 4 });
        expect(await on.store.tasks.find(a.id)).toMatchObject({ position: 1, total: 4 });
        await on.store.tasks.prune(6);
        expect(await on.store.tasks.find(b.id)).toBeUndefined();
        await on.store.tasks.move(a.id, { state: 'failed', atMs: 7, error: 'why' });
        expect(await on.store.tasks.find(a.id)).toMatchObject({ state: 'failed', error: 'why' });
      });

      it('run while they are claimed, and not once they ended', async () => {
        const group = newGroup();
        const { id } = await newTask(group);
        expect(await claim(id, 'one', 3)).toMatchObject({ id, state: 'running', startedMs: 3 });
        expect(await claim(id, 'one', 4)).toMatchObject({ id, startedMs: 3 });
        await on.store.tasks.release('one');
        await on.store.tasks.move(id, { state: 'done', atMs: 9 });
        expect(await claim(id, 'one')).toBeUndefined();
        expect(await claim('unknown', 'one')).toBeUndefined();
      });

      it('write a step with what it does, unless they ended', async () => {
        const group = newGroup();
        const [a = ''] = await addKeys(on, group, secretsOf(group, 1));
        const { id } = await newTask(group);
        const task = await claim(id, 'one');
        if (task === undefined) throw new Error('the task is not claimed');
        const step = (from: TaskRecord, enabled: boolean) =>
          on.store.roster.ledger.write({ keyIds: [a], step: from }, (unit) => {
            const command = { kind: enabled ? 'enable' : 'disable', nowMs: 1 } as const;
            unit.apply(a, command, origin());
            unit.progress({ position: from.position + 1, processed: 1, result: { changed: 1 } });
          });
        expect((await step(task, false)).kind).toBe('written');
        const after = await on.store.tasks.find(id);
        expect(after).toMatchObject({
          position: 1,
          processed: 1,
          total: 3,
          result: { changed: 1 },
        });
        await on.store.tasks.move(id, { state: 'cancelled', atMs: 9 });
        expect((await step(after ?? task, true)).kind).toBe('stopped');
        expect((await on.store.roster.keys.find(a))?.state.status).toBe('disabled');
        await on.store.tasks.release('one');
      });
    });

    it('keeps uploads until they are imported', async () => {
      const { spool } = on.store;
      const [kept, dropped] = [newId(), newId()];
      const key = (n: number) => ({
        sealed: `sealed-${n}`,
        fingerprint: `f${n}`,
        masked: `m…${n}`,
        ...(n % 2 === 0 ? { previousFingerprint: `p${n}` } : {}),
      });
      const discarded = await spool.create(dropped);
      await discarded.add(key(1));
      await discarded.discard();
      expect(await spool.read(dropped, 0, 10)).toBeUndefined();
      const writer = await spool.create(kept);
      for (let n = 0; n < 1_500; n += 1) await writer.add(key(n));
      await writer.commit();
      const read = [];
      for (let from: number | null = 0; from !== null;) {
        const page = await spool.read(kept, from, 700);
        if (page === undefined) throw new Error('the upload is gone');
        read.push(...page.keys);
        from = page.next;
      }
      expect(read).toEqual(Array.from({ length: 1_500 }, (_, n) => key(n)));
      await spool.sweep(new Set([kept]));
      expect((await spool.read(kept, 0, 1))?.keys).toEqual([key(0)]);
      await spool.remove(kept);
      expect(await spool.read(kept, 0, 1)).toBeUndefined();
    });

    it('makes its keys anew from the events, with their counts and numbers', async () => {
      const group = newGroup();
      const secrets = secretsOf(group, 4);
      const ids = await addKeys(on, group, secrets);
      const [a = '', b = '', c = ''] = ids;
      await on.store.roster.ledger.write({ keyIds: ids, batch: batchOf(group, 1) }, (unit) => {
        unit.apply(a, { kind: 'note', note: 'n', nowMs: 1 }, origin());
        unit.apply(b, { kind: 'delete', nowMs: 1 }, origin());
        unit.count(c, { requests: 7, failures: 1, lastUsedMs: 5 });
      });
      const closing = await poolId(group);
      await on.store.roster.ledger.closePool(closing, { ...origin('close'), nowMs: 1 });
      const [d = ''] = await addKeys(on, group, secrets.slice(0, 1));
      const all = () => Promise.all([...ids, d].map((id) => on.store.roster.keys.find(id)));
      const before = await all();
      expect(before.map((row) => row === undefined)).toEqual([false, true, false, false, false]);
      const count = await on.store.roster.rebuild();
      expect(await all()).toEqual(before);
      expect(count).toBeGreaterThanOrEqual(4);
      expect((await on.store.roster.reader.page(group, null, 10)).keys).toMatchObject([{ id: d }]);
    });
  });
}
