import { expect, it } from 'vitest';
import { createMemoryRoster } from './memory-roster.fixture.ts';
import { poolClosed, rebuildRoster } from './rebuild.ts';

const origin = (cause: string) => ({ cause, actor: 'test' });

it('makes the same roster anew from the events', async () => {
  const roster = createMemoryRoster();
  const { ledger, pools, keys, clock, db } = roster;
  const nowMs = clock.now();
  const [a = '', b = '', c = ''] = await roster.addKeys('g', ['sk-one', 'sk-two', 'sk-three']);
  await ledger.write((unit) => {
    unit.apply(a, { kind: 'note', note: 'n', nowMs }, origin('1'));
    unit.apply(b, { kind: 'delete', nowMs }, origin('1'));
    unit.apply(c, { kind: 'disable', nowMs }, origin('1'));
    roster.usage.add(keys.byId(c)?.seq ?? 0, { requests: 7, failures: 1, lastUsedMs: nowMs });
  });
  // The group is deleted and made again: its old keys, not deleted yet, stay out of the new one.
  await ledger.write((unit) => {
    const pool = pools.open('g');
    const time = new Date(nowMs).toISOString();
    const event = { id: 'x', type: poolClosed, time, actor: 'config', data: { group: 'g' } };
    unit.append(`pool-${pool.id}`, 0, [event]);
    pools.close(pool.id);
  });
  const [d = ''] = await roster.addKeys('g', ['sk-one']);
  const all = () => db.prepare('SELECT * FROM keys ORDER BY seq').all();
  const before = all();
  expect(before).toHaveLength(3);
  expect(await rebuildRoster(roster)).toBe(3);
  expect(all()).toEqual(before);
  expect(roster.reader.page('g', null, 10).keys.map((key) => key.id)).toEqual([d]);
  expect(roster.usage.of(keys.byId(c)?.seq ?? 0).requests).toBe(7);
});

it('makes it also when the keys and their pools were lost', async () => {
  const roster = createMemoryRoster();
  const ids = await roster.addKeys('g', ['sk-one', 'sk-two']);
  roster.db.exec('DELETE FROM keys; DELETE FROM pools');
  expect(await rebuildRoster(roster)).toBe(2);
  expect(roster.reader.page('g', null, 10).keys.map((key) => key.id)).toEqual(ids);
  expect((await roster.addKeys('g', ['sk-one'])).length).toBe(1);
  expect(roster.list.count(roster.pools.open('g').id, {})).toBe(2);
});
