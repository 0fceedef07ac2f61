import { describe, expect, it } from 'vitest';
import { onlyWritten } from '../../roster/ledger.ts';
import { addKeys, origin, type Tested } from './tested.ts';

/** What the ledger promises. */
export function promisesOfWrites(tested: Tested): void {
  const { newGroup, secretsOf, poolId, apply, blacklist, list, batchOf } = tested;
  describe('writes', () => {
    it('keep events, state, counts and what gateways hear together', async () => {
      const group = newGroup();
      const [a = '', b = ''] = await addKeys(tested.on, group, secretsOf(group, 2));
      const nowMs = tested.on.clock.now();
      const { ledger, keys } = tested.on.store.roster;
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
      const types = (await tested.on.store.events.read(`key-${a}`)).map(({ type }) => type);
      expect(types).toEqual(['KeyImported', 'KeyBlacklisted']);
      const told = tested.on.told.filter((each) => each.group === group);
      expect(told.map((each) => [each.pool_revision, each.changes.length])).toEqual([
        [1, 2],
        [2, 1],
      ]);
      expect(told[1]?.changes[0]).toMatchObject({ id: a, state: 'blacklisted', version: 2 });
      expect((await tested.on.store.roster.pools.find(group))?.revision).toBe(2);
    });

    it('handle a batch once, and a cause once', async () => {
      const group = newGroup();
      const [a = ''] = await addKeys(tested.on, group, secretsOf(group, 1));
      const { ledger, keys } = tested.on.store.roster;
      const count = (batch: number) =>
        ledger.write({ keyIds: [a], batch: batchOf(group, batch) }, (unit) =>
          unit.count(a, { requests: 1, failures: 0, lastUsedMs: 1 }),
        );
      expect((await count(1)).kind).toBe('written');
      expect((await Promise.all([count(1), count(2), count(2)])).map(({ kind }) => kind)).toEqual([
        'duplicate',
        'written',
        'duplicate',
      ]);
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
      const [a = ''] = await addKeys(tested.on, group, secretsOf(group, 1));
      const { ledger, keys } = tested.on.store.roster;
      await Promise.all(
        Array.from({ length: 10 }, () =>
          ledger.write({ keyIds: [a] }, (unit) => {
            const note = `${unit.find(a)?.state.note ?? ''}x`;
            unit.apply(a, { kind: 'note', note, nowMs: 1 }, origin());
          }),
        ),
      );
      expect(await keys.find(a)).toMatchObject({ version: 11, state: { note: 'x'.repeat(10) } });
      const told = tested.on.told.filter((each) => each.group === group);
      expect(told.map((each) => each.pool_revision)).toEqual(told.map((_, n) => n + 1));
    });

    it('add a secret once to a pool, and again when it was deleted', async () => {
      const group = newGroup();
      const [secret = ''] = secretsOf(group, 1);
      const [a = ''] = await addKeys(tested.on, group, [secret, secret]);
      expect(await addKeys(tested.on, group, [secret])).toEqual([]);
      const fingerprint = tested.on.vault.fingerprint(secret);
      const ids = await tested.on.store.roster.keys.idsBySecret(await poolId(group), [
        fingerprint,
        'x',
      ]);
      expect([...ids]).toEqual([[fingerprint, a]]);
      await apply(a, { kind: 'delete', nowMs: 1 });
      expect(await tested.on.store.roster.keys.find(a)).toBeUndefined();
      expect(tested.on.told.at(-1)?.changes).toMatchObject([{ id: a, state: 'deleted' }]);
      const [b = ''] = await addKeys(tested.on, group, [secret]);
      expect((await list(group)).keys.map(({ id }) => id)).toEqual([b]);
    });

    it('count nothing for keys that are not there', async () => {
      const group = newGroup();
      const written = await tested.on.store.roster.ledger.write(
        { keyIds: ['nobody'], batch: batchOf(group, 1) },
        (unit) => {
          unit.count('nobody', { requests: 1, failures: 0, lastUsedMs: 1 });
          return unit.apply('nobody', { kind: 'disable', nowMs: 1 }, origin());
        },
      );
      expect(written).toEqual({ kind: 'written', result: [] });
    });

    it('know of a key whose coming fingerprint another key of its pool has', async () => {
      const [group, other] = [newGroup(), newGroup()];
      const keyIds = await addKeys(tested.on, group, secretsOf(group, 3));
      const [a = '', b = ''] = keyIds;
      const [elsewhere = ''] = await addKeys(tested.on, other, secretsOf(other, 1));
      const fingerprintOf = async (id: string) =>
        (await tested.on.store.roster.keys.find(id))?.state.fingerprint ?? '';
      const newFingerprints = new Map([
        [a, await fingerprintOf(b)],
        [b, 'f'.repeat(64)],
        [elsewhere, await fingerprintOf(b)],
      ]);
      const reach = { keyIds: [...keyIds, elsewhere], newFingerprints };
      const written = await tested.on.store.roster.ledger.write(reach, (unit) =>
        reach.keyIds.filter((id) => unit.isDuplicate(id)),
      );
      expect(onlyWritten(written)).toEqual([a]);
    });

    it('follow a key to a new fingerprint', async () => {
      const group = newGroup();
      const [a = ''] = await addKeys(tested.on, group, secretsOf(group, 1));
      await apply(a, { kind: 'reseal', sealed: 's', fingerprint: `f-${group}`, nowMs: 1 });
      const ids = await tested.on.store.roster.keys.idsBySecret(await poolId(group), [
        `f-${group}`,
      ]);
      expect([...ids.values()]).toEqual([a]);
    });
  });
}
