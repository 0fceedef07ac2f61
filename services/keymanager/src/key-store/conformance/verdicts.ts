import { describe, expect, it } from 'vitest';
import type { Verdicts } from '../../roster/verdicts.ts';
import { addKeys, origin, type Tested } from './tested.ts';

/** What the list of verdicts promises. */
export function promisesOfVerdicts(tested: Tested): void {
  const { newGroup, secretsOf, apply, blacklist, poolId } = tested;
  const page = async (request: Partial<Parameters<Verdicts['page']>[0]> = {}) =>
    (await tested.on.store.roster.verdicts.page({ before: null, limit: 100, ...request })).map(
      ({ keyId, event }) => ({
        key: keyId,
        type: event.type,
        position: event.position,
      }),
    );

  async function judged(group: string): Promise<string[]> {
    const ids = await addKeys(tested.on, group, secretsOf(group, 3));
    const [a = '', b = '', c = ''] = ids;
    const check = { ok: true, status: 200, message: '' };
    const at = new Date(3).toISOString();
    const of = blacklist(b, 2);
    await apply(a, blacklist(a, 2));
    if (of.kind === 'hear-failure') {
      const until = new Date(5_000).toISOString();
      await apply(b, { ...of, outcome: { ...of.outcome, verdict: 'cooldown', until } });
    }
    await apply(a, { kind: 'hear-check', check, at, passing: 'restores', nowMs: 3 });
    await apply(c, { kind: 'note', note: 'none', nowMs: 4 });
    await apply(c, blacklist(c, 4));
    await apply(c, { kind: 'restore', message: 'by me', nowMs: 5 });
    return ids;
  }

  describe('verdicts', () => {
    it('are listed newest first, of all groups, one, or one kind, and none that a person made', async () => {
      const [one, other] = [newGroup(), newGroup()];
      const [a = '', b = '', c = ''] = await judged(one);
      const [d = ''] = await addKeys(tested.on, other, secretsOf(other, 1));
      await apply(d, blacklist(d, 9));
      const told = [
        { key: c, type: 'KeyBlacklisted' },
        { key: a, type: 'KeyRestored' },
        { key: b, type: 'KeyCooled' },
        { key: a, type: 'KeyBlacklisted' },
      ];
      expect(await page({ group: one })).toMatchObject(told);
      expect((await page()).slice(0, 5)).toMatchObject([
        { key: d, type: 'KeyBlacklisted' },
        ...told,
      ]);
      expect(await page({ group: one, kind: 'returned' })).toMatchObject([{ key: a }]);
      expect(await page({ group: one, kind: 'blacklisted' })).toMatchObject([
        { key: c },
        { key: a },
      ]);
      expect((await page({ kind: 'cooled' }))[0]).toMatchObject({ key: b });
      expect(await page({ group: 'nowhere' })).toEqual([]);
    });

    it('are listed in pages without a gap, with who the key is', async () => {
      const group = newGroup();
      await judged(group);
      const whole = await page({ group });
      const paged: typeof whole = [];
      for (let before: number | null = null; ;) {
        const next: typeof whole = await page({ group, before, limit: 3 });
        paged.push(...next);
        before = next.at(-1)?.position ?? null;
        if (before === null) break;
      }
      expect(paged).toEqual(whole);
      const [first] = await tested.on.store.roster.verdicts.page({ group, before: null, limit: 1 });
      expect(first).toMatchObject({ group, masked: expect.stringContaining('…') });
      expect(first?.event.data).toMatchObject({
        rule: 'billing',
        status: 402,
        message: 'no money',
      });
    });

    it('stay when their keys and groups are deleted, and when all is made anew', async () => {
      const group = newGroup();
      const [a = ''] = await judged(group);
      await apply(a, { kind: 'delete', nowMs: 9 });
      await tested.on.store.roster.ledger.closePool(await poolId(group), {
        ...origin('close-verdicts'),
        nowMs: 9,
      });
      const request = { group, before: null, limit: 100 };
      const before = await tested.on.store.roster.verdicts.page(request);
      expect(before).toHaveLength(4);
      await tested.on.store.roster.rebuild();
      expect(await tested.on.store.roster.verdicts.page(request)).toEqual(before);
    });

    it('that were lost, or never were, are put right when all is made anew', async () => {
      const group = newGroup();
      await judged(group);
      const request = { group, before: null, limit: 100 };
      const before = await tested.on.store.roster.verdicts.page(request);
      const [newest, ...others] = before.map(({ event }) => event.position);
      await tested.on.spoilVerdict({ lost: newest ?? 0, stray: Math.min(...others) - 1 });
      expect(await tested.on.store.roster.verdicts.page(request)).not.toEqual(before);
      await tested.on.store.roster.rebuild();
      expect(await tested.on.store.roster.verdicts.page(request)).toEqual(before);
    });
  });
}
