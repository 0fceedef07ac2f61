import type { PoolKey } from '@keymux/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeySlots } from './key-slots.ts';

const keyOf = (id: string, more: Partial<PoolKey> = {}): PoolKey => ({
  id,
  sealed: `sealed-${id}`,
  masked: `${id.slice(0, 2)}…${id.slice(-2)}`,
  state: 'active',
  streak: 0,
  cooldowns: [],
  version: 1,
  ...more,
});

const seen = (slots: KeySlots): PoolKey[] =>
  [...slots.taken()].map((slot) => {
    const key = slots.at(slot);
    if (key === undefined) throw new Error('a slot that is taken has a key');
    const { id, sealed, masked, state, streak, version } = key;
    return { id, sealed, masked, state, streak, version, cooldowns: [] };
  });

const byId = (keys: Iterable<PoolKey>): PoolKey[] =>
  [...keys].toSorted((one, other) => (one.id < other.id ? -1 : 1));

describe('the slots of a pool', () => {
  it('hold what a map of keys would, whatever comes, changes and goes', () => {
    const step = fc.record({
      id: fc.oneof(
        fc.integer({ min: 0, max: 60 }).map((n) => `k${n}`),
        fc.string({ maxLength: 3 }),
      ),
      sealed: fc.string({ unit: 'grapheme', maxLength: 40 }),
      state: fc.constantFrom('active' as const, 'blacklisted' as const, 'disabled' as const),
      version: fc.nat(),
      streak: fc.nat(),
      gone: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const slots = new KeySlots();
        const model = new Map<string, PoolKey>();
        for (const { id, gone, ...more } of steps) {
          const slot = slots.slotOf(id);
          expect(slot === undefined).toBe(!model.has(id));
          const key = keyOf(id, more);
          if (gone) {
            if (slot !== undefined) slots.delete(slot);
            model.delete(id);
          } else {
            if (slot === undefined) slots.add(key);
            else slots.change(slot, key);
            model.set(id, key);
          }
        }
        expect(slots.size).toBe(model.size);
        expect(byId(seen(slots))).toEqual(byId(model.values()));
      }),
    );
  });

  it('hold many keys, in slots that are used again', () => {
    const slots = new KeySlots();
    const ids = Array.from({ length: 50_000 }, (_, n) => `key-${n}`);
    for (const id of ids) slots.add(keyOf(id));
    for (const id of ids.slice(0, 20_000)) slots.delete(slots.slotOf(id) ?? -1);
    for (const id of ids.slice(0, 20_000)) slots.add(keyOf(id, { sealed: 'x'.repeat(100) }));
    expect(slots.slots).toBe(50_000);
    expect(ids.filter((id) => slots.at(slots.slotOf(id) ?? -1)?.id !== id)).toEqual([]);
    expect(slots.sealedOf(slots.slotOf('key-0') ?? -1)).toBe('x'.repeat(100));
  });

  it('give the same object for a key with a request on the way, however many others are used', () => {
    const slots = new KeySlots();
    for (let n = 0; n < 30_000; n += 1) slots.add(keyOf(`k${n}`));
    const [asked, idle] = [slots.at(0), slots.at(1)];
    if (asked === undefined || idle === undefined) throw new Error('they are there');
    asked.unanswered += 1;
    for (let round = 0; round < 3; round += 1) {
      for (let slot = 2; slot < 30_000; slot += 1) slots.at(slot);
    }
    expect(slots.at(0)).toBe(asked);
    expect(slots.at(1)).not.toBe(idle);
    expect(slots.holds(idle)).toBe(true);
  });

  it('forget an opened secret when the key is sealed anew', () => {
    const slots = new KeySlots();
    const slot = slots.add(keyOf('k'));
    const key = slots.at(slot);
    if (key === undefined) throw new Error('it is there');
    key.secret = 'opened';
    slots.change(slot, keyOf('k', { version: 2 }));
    expect(key.secret).toBe('opened');
    slots.change(slot, keyOf('k', { version: 3, sealed: 'anew' }));
    expect(key).toMatchObject({ secret: undefined, sealed: 'anew', version: 3 });
  });

  it('know a key that is gone from the one that has its slot now', () => {
    const slots = new KeySlots();
    const slot = slots.add(keyOf('first', { streak: 1 }));
    const first = slots.at(slot);
    if (first === undefined) throw new Error('it is there');
    slots.delete(slot);
    expect(slots.add(keyOf('second', { streak: 2 }))).toBe(slot);
    expect(slots.holds(first)).toBe(false);
    expect(first).toMatchObject({ state: 'deleted', streak: 0, id: 'first' });
  });
});
