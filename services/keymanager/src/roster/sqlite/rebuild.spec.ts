import { expect, it } from 'vitest';
import { createMemoryRoster } from './memory-roster.fixture.ts';

const origin = (cause: string) => ({ cause, actor: 'test' });

it('makes the same roster anew from the events', async () => {
  const roster = createMemoryRoster();
  const { ledger, pools, keys, clock, db } = roster;
  const nowMs = clock.now();
  const ids = await roster.addKeys('g', ['sk-one', 'sk-two', 'sk-three']);
  const [a = '', b = '', c = ''] = ids;
  await ledger.write({ keyIds: ids }, (unit) => {
    unit.apply(a, { kind: 'note', note: 'n', nowMs }, origin('1'));
    unit.apply(b, { kind: 'delete', nowMs }, origin('1'));
    unit.apply(c, { kind: 'disable', nowMs }, origin('1'));
    unit.count(c, { requests: 7, failures: 1, lastUsedMs: nowMs });
  });
  // The group is deleted and made again: its old keys, not deleted yet, stay out of the new one.
  await ledger.closePool((await pools.open('g')).id, { ...origin('x'), nowMs });
  const [d = ''] = await roster.addKeys('g', ['sk-one']);
  const all = () => db.prepare('SELECT * FROM keys ORDER BY seq').all();
  const before = all();
  expect(before).toHaveLength(3);
  expect(await roster.rebuild()).toMatchObject({ keys: 3, added: 0, replaced: 0 });
  expect(all()).toEqual(before);
  expect((await roster.reader.page('g', null, 10)).keys.map((key) => key.id)).toEqual([d]);
  expect((await keys.find(c))?.usage.requests).toBe(7);
});

it('makes it also when the keys and their pools were lost', async () => {
  const roster = createMemoryRoster();
  const ids = await roster.addKeys('g', ['sk-one', 'sk-two']);
  roster.db.exec('DELETE FROM keys; DELETE FROM pools');
  expect(await roster.rebuild()).toMatchObject({ keys: 2, added: 2 });
  expect((await roster.reader.page('g', null, 10)).keys.map((key) => key.id)).toEqual(ids);
  expect((await roster.addKeys('g', ['sk-one'])).length).toBe(1);
  expect(await roster.list.count((await roster.pools.open('g')).id, {})).toBe(2);
});
