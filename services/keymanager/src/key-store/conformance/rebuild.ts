import { describe, expect, it } from 'vitest';
import { isLive, type KeyState, initialState } from '../../key/state.ts';
import { evolve } from '../../key/evolve.ts';
import { readFact, streamOfKey } from '../../key/stored-fact.ts';
import { onlyWritten } from '../../roster/ledger.ts';
import type { RebuiltThrough } from '../../roster/rebuild.ts';
import { addKeys, origin, type Tested } from './tested.ts';

/** What a rebuild promises. */
export function promisesOfRebuilds(tested: Tested): void {
  const { newGroup, secretsOf, poolId, apply, blacklist, batchOf } = tested;

  async function folded(id: string): Promise<{ state: KeyState; version: number }> {
    const events = await tested.on.store.events.read(streamOfKey(id));
    const state = events.reduce((before: KeyState, event) => {
      const fact = readFact(event);
      return fact === undefined ? before : evolve(before, fact);
    }, initialState);
    return { state, version: events.length };
  }

  describe('a rebuild', () => {
    it('makes keys anew from the events, with their counts and numbers', async () => {
      const group = newGroup();
      const secrets = secretsOf(group, 4);
      const ids = await addKeys(tested.on, group, secrets);
      const [a = '', b = '', c = ''] = ids;
      await tested.on.store.roster.ledger.write(
        { keyIds: ids, batch: batchOf(group, 1) },
        (unit) => {
          unit.apply(a, { kind: 'note', note: 'n', nowMs: 1 }, origin());
          unit.apply(b, { kind: 'delete', nowMs: 1 }, origin());
          unit.count(c, { requests: 7, failures: 1, lastUsedMs: 5 });
        },
      );
      const closing = await poolId(group);
      await tested.on.store.roster.ledger.closePool(closing, { ...origin('close'), nowMs: 1 });
      const [d = ''] = await addKeys(tested.on, group, secrets.slice(0, 1));
      const all = () => Promise.all([...ids, d].map((id) => tested.on.store.roster.keys.find(id)));
      const before = await all();
      expect(before.map((row) => row === undefined)).toEqual([false, true, false, false, false]);
      const rebuilt = await tested.on.store.roster.rebuild();
      expect(await all()).toEqual(before);
      expect(rebuilt).toMatchObject({ replaced: 0, added: 0, removed: 0, unplaced: 0 });
      expect(rebuilt?.keys).toBeGreaterThanOrEqual(4);
      const { keys } = await tested.on.store.roster.reader.page(group, null, 10);
      expect(keys).toMatchObject([{ id: d }]);
    });

    it('puts right what is damaged, brings back what was lost, and takes out what never was', async () => {
      const group = newGroup();
      const ids = await addKeys(tested.on, group, secretsOf(group, 5));
      const [unreadable = '', lost = '', disabled = '', ahead = ''] = ids;
      await apply(unreadable, blacklist(unreadable, 5));
      await apply(lost, { kind: 'note', note: 'mine', nowMs: 1 });
      const find = (id: string) => tested.on.store.roster.keys.find(id);
      const before = await Promise.all(ids.map(find));
      const stray = `stray-${group}`;
      await tested.on.spoil({ unreadable, lost, disabled, ahead, stray });
      expect(await find(stray)).toBeDefined();
      const told: string[] = [];
      const rebuilt = await tested.on.store.roster.rebuild({
        changed: async (keys) => {
          told.push(...keys.map(({ id }) => id));
          await tested.on.store.roster.ledger.announce(keys);
        },
      });
      expect(rebuilt).toMatchObject({ replaced: 3, added: 1, removed: 1, unplaced: 0 });
      expect(told.toSorted()).toEqual([unreadable, disabled, lost, ahead, stray].toSorted());
      const after = await Promise.all(ids.map(find));
      // A number that was lost is not given twice.
      const numberless = (row: (typeof after)[number]) => ({ ...row, seq: 0 });
      expect(after.map(numberless)).toEqual(before.map(numberless));
      expect(await find(stray)).toBeUndefined();
      const messages = tested.on.told.filter((each) => each.group === group);
      expect(messages.map((each) => each.pool_revision)).toEqual(messages.map((_, n) => n + 1));
      const states = new Map(
        messages.flatMap(({ changes }) => changes).map((key) => [key.id, key.state]),
      );
      expect(states.get(unreadable)).toBe('blacklisted');
      expect(states.get(lost)).toBe('active');
      expect(states.get(stray)).toBe('deleted');
      const repaired = messages.flatMap(({ changes }) => changes.filter((key) => key.repaired));
      expect(repaired.map(({ id }) => id).toSorted()).toEqual(told.toSorted());
    });

    it('loses nothing of what is written meanwhile', async () => {
      const group = newGroup();
      const ids = await addKeys(tested.on, group, secretsOf(group, 60));
      let ended = false;
      const added: string[] = [];
      const counted = new Map<string, number>();
      const writing = (async () => {
        for (let n = 0; !ended || n < 20; n += 1) {
          const id = ids[n % ids.length] ?? '';
          const reach = { keyIds: [id], batch: batchOf(group, n + 1) };
          const written = await tested.on.store.roster.ledger.write(reach, (unit) => {
            const kind = n % 5;
            if (kind === 0) unit.apply(id, blacklist(id, n), origin());
            else if (kind === 1)
              unit.apply(id, { kind: 'restore', message: 'm', nowMs: n }, origin());
            else if (kind === 2)
              unit.apply(id, { kind: 'note', note: `n${n}`, nowMs: n }, origin());
            else if (kind === 3 && n % 9 === 0)
              unit.apply(id, { kind: 'delete', nowMs: n }, origin());
            unit.count(id, { requests: 1, failures: 0, lastUsedMs: n });
            return unit.find(id) !== undefined;
          });
          if (onlyWritten(written)) counted.set(id, (counted.get(id) ?? 0) + 1);
          if (n % 10 === 0) {
            added.push(...(await addKeys(tested.on, group, [`sk-${group}-more-${n}-0123456789`])));
          }
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      try {
        for (let each = 0; each < 3; each += 1) {
          const rebuilt = await tested.on.store.roster.rebuild();
          expect(rebuilt).toMatchObject({ replaced: 0, added: 0, removed: 0, unplaced: 0 });
        }
      } finally {
        ended = true;
        await writing;
      }
      for (const id of [...ids, ...added]) {
        const row = await tested.on.store.roster.keys.find(id);
        const { state, version } = await folded(id);
        if (!isLive(state)) {
          expect(row).toBeUndefined();
          continue;
        }
        expect(row).toMatchObject({ state, version });
        expect(row?.usage.requests).toBe(counted.get(id) ?? 0);
      }
      // Nothing was told that did not happen.
      const messages = tested.on.told.filter((each) => each.group === group);
      expect(messages.map((each) => each.pool_revision)).toEqual(messages.map((_, n) => n + 1));
    });

    it('tells the position up to which all events are in the keys', async () => {
      const { events, roster } = tested.on.store;
      const group = newGroup();
      await addKeys(tested.on, group, secretsOf(group, 3));
      const before = await roster.foldedThrough();
      const last = (await events.readAll(before - 1, 10)).at(-1);
      expect(last).toMatchObject({ position: before, type: 'KeyImported' });
      await addKeys(tested.on, group, [`sk-${group}-one-more-0123456789`]);
      expect(await roster.foldedThrough()).toBe(before + 1);
    });

    it('goes on where one before it ended, with its counts and the pools that were closed by then', async () => {
      const [group, other] = [newGroup(), newGroup()];
      const [early = ''] = await addKeys(tested.on, other, secretsOf(other, 1));
      await addKeys(tested.on, group, secretsOf(group, 1));
      const closing = { ...origin(), nowMs: 1 };
      await tested.on.store.roster.ledger.closePool(await poolId(group), closing);
      // More than a page.
      const ids = await addKeys(tested.on, group, secretsOf(group, 520));
      const late = ids.at(-1) ?? '';
      const ending = new AbortController();
      const walked: RebuiltThrough[] = [];
      const end = await tested.on.store.roster.foldedThrough();
      const ended = await tested.on.store.roster.rebuild({
        signal: ending.signal,
        progress: async (through) => {
          walked.push(through);
          if (through.position > end - ids.length) ending.abort();
        },
      });
      const from = walked.at(-1);
      if (from === undefined || ended !== undefined) throw new Error('it did not end early');
      const find = (id: string) => tested.on.store.roster.keys.find(id);
      const before = await Promise.all([early, late].map(find));
      const nobody = { unreadable: '', disabled: '', lost: '', stray: '' };
      await tested.on.spoil({ ...nobody, ahead: early });
      await tested.on.spoil({ ...nobody, ahead: late });
      const positions: number[] = [];
      const rebuilt = await tested.on.store.roster.rebuild({
        from,
        progress: async ({ position }) => void positions.push(position),
      });
      expect(positions.toSorted((a, b) => a - b)).toEqual(positions);
      expect(positions[0]).toBeGreaterThan(from.position);
      // What came before it is not looked at again, what comes after is put right: in the living pool.
      expect(rebuilt).toMatchObject({ replaced: from.keys.replaced + 1, unplaced: 0 });
      expect(await find(late)).toEqual(before[1]);
      expect(await find(early)).not.toEqual(before[0]);
      const whole = await tested.on.store.roster.rebuild();
      expect(whole).toMatchObject({ replaced: 1, events: rebuilt?.events, keys: rebuilt?.keys });
      expect(await find(early)).toEqual(before[0]);
    });

    it('ends early when it is asked to', async () => {
      const ending = new AbortController();
      ending.abort();
      expect(await tested.on.store.roster.rebuild({ signal: ending.signal })).toBeUndefined();
    });
  });
}
