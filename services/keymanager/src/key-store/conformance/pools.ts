import { describe, expect, it } from 'vitest';
import { addKeys, origin, type Tested } from './tested.ts';

/** What pools promise. */
export function promisesOfPools(tested: Tested): void {
  const { newGroup, secretsOf, poolId, apply, blacklist, list } = tested;
  describe('pools', () => {
    it('lose their name with their group; a new one of the name goes on counting', async () => {
      const group = newGroup();
      const { pools, ledger } = tested.on.store.roster;
      const [a = ''] = await addKeys(tested.on, group, secretsOf(group, 1));
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
      const told = tested.on.told.length;
      await apply(a, { kind: 'delete', nowMs: 1 });
      expect(tested.on.told).toHaveLength(told);
      expect(await tested.on.store.roster.keys.find(a)).toBeUndefined();
      expect((await pools.all()).map(({ id }) => id)).toContain(second.id);
      expect((await pools.all()).map(({ id }) => id)).not.toContain(first.id);
    });

    it('are opened once, however many ask', async () => {
      const group = newGroup();
      const opened = await Promise.all(
        [1, 2, 3].map(() => tested.on.store.roster.pools.open(group)),
      );
      expect(new Set(opened.map(({ id }) => id)).size).toBe(1);
    });

    it('are read in pages, by what is due, by what may be tried, and counted', async () => {
      const group = newGroup();
      const { reader, ledger } = tested.on.store.roster;
      const ids = await addKeys(tested.on, group, secretsOf(group, 5));
      const [a = '', b = '', c = ''] = ids;
      const nowMs = tested.on.clock.now();
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
        expect(await tested.on.store.roster.list.count(await poolId(group), { status })).toBe(
          count,
        );
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
}
