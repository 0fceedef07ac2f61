import { describe, expect, it } from 'vitest';
import type { ListRequest } from '../../roster/key-list.ts';
import { addKeys, type Tested } from './tested.ts';

/** What lists promise. */
export function promisesOfLists(tested: Tested): void {
  const { newGroup, secretsOf, poolId, apply, list, batchOf } = tested;
  describe('lists', () => {
    it('go in any order, in pages without a gap', async () => {
      const group = newGroup();
      const ids = await addKeys(tested.on, group, secretsOf(group, 7));
      await tested.on.store.roster.ledger.write(
        { keyIds: ids, batch: batchOf(group, 1) },
        (unit) => {
          for (const [n, id] of ids.entries()) {
            const used = { requests: n % 3, failures: (n * 5) % 7, lastUsedMs: 1_000 + (n % 2) };
            unit.count(id, used);
          }
        },
      );
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
      expect(await tested.on.store.roster.list.lastSeq(await poolId(group))).toBe(keys.at(-1)?.seq);
      const upToSeq = keys[2]?.seq ?? 0;
      expect((await list(group, { filter: { upToSeq } })).keys).toHaveLength(3);
      const next = await tested.on.store.roster.keys.after(keys[2]?.seq ?? 0, 2);
      expect(next.map(({ id }) => id)).toEqual([ids[3], ids[4]]);
    });

    it('find a key by its whole, its end, its id or its note', async () => {
      const group = newGroup();
      const secrets = secretsOf(group, 12);
      const ids = await addKeys(tested.on, group, secrets);
      await apply(ids[4] ?? '', { kind: 'note', note: 'The Team (a+b)', nowMs: 1 });
      const search = async (text: string) => {
        const seqs = await tested.on.store.roster.search(await poolId(group), text);
        return (await list(group, { filter: { seqs } })).keys.map(({ id }) => id);
      };
      expect(await search(secrets[3] ?? '')).toEqual([ids[3]]);
      expect(await search(secrets[3]?.slice(-4) ?? '')).toEqual([ids[3]]);
      expect(await search(secrets[3]?.slice(-3) ?? '')).toEqual([ids[3]]);
      expect(await search(secrets[3]?.slice(-2) ?? '')).toEqual([]);
      expect(await search(secrets[11]?.slice(-9) ?? '')).toEqual([ids[11]]);
      expect(await search(ids[2] ?? '')).toEqual([ids[2]]);
      expect(await search('team (A+')).toEqual([ids[4]]);
      expect(await search('nothing like it')).toEqual([]);
    });
  });
}
