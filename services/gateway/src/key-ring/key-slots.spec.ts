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

/** A seal that is its own secret. */
const itself = (sealed: string): string => sealed;

/** Seals in which the secret of a key, its id, is readable. */
const sealOf = (id: string, which: string): string => `${which}/${id}`;
const open = (sealed: string): string => sealed.slice(sealed.lastIndexOf('/') + 1);

const byId = <T extends { readonly id: string }>(keys: Iterable<T>): T[] =>
  [...keys].toSorted((one, other) => (one.id < other.id ? -1 : 1));

const told = ({ id, masked, state, streak, version }: Omit<PoolKey, 'sealed' | 'cooldowns'>) => ({
  id,
  masked,
  state,
  streak,
  version,
});

const seen = (slots: KeySlots) =>
  [...slots.taken()].map((slot) => {
    const key = slots.at(slot);
    if (key === undefined) throw new Error('a slot that is taken has a key');
    return { ...told(key), secret: key.open(open) };
  });

describe('the slots of a pool', () => {
  it('hold what a map of keys would, whatever comes, changes and goes', () => {
    const step = fc.record({
      id: fc.oneof(
        fc.integer({ min: 0, max: 60 }).map((n) => `k${n}`),
        fc.string({ maxLength: 3 }).filter((id) => !id.includes('/')),
      ),
      seal: fc.string({ unit: 'grapheme', maxLength: 40 }),
      state: fc.constantFrom('active' as const, 'blacklisted' as const, 'disabled' as const),
      version: fc.nat(),
      streak: fc.nat(),
      opened: fc.boolean(),
      gone: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const slots = new KeySlots();
        const model = new Map<string, PoolKey>();
        for (const { id, seal, opened, gone, ...more } of steps) {
          const slot = slots.slotOf(id);
          expect(slot === undefined).toBe(!model.has(id));
          const key = keyOf(id, { ...more, sealed: sealOf(id, seal) });
          if (gone) {
            if (slot !== undefined) slots.delete(slot);
            model.delete(id);
          } else {
            if (slot === undefined) slots.add(key);
            else slots.change(slot, key);
            model.set(id, key);
            if (opened) expect(slots.at(slots.slotOf(id) ?? -1)?.open(open)).toBe(id);
          }
        }
        expect(slots.size).toBe(model.size);
        expect(byId(seen(slots))).toEqual(
          byId(model.values()).map((key) => ({ ...told(key), secret: key.id })),
        );
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
    expect(slots.at(slots.slotOf('key-0') ?? -1)?.open(itself)).toBe('x'.repeat(100));
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

  it('open a secret once, however many others are used and whatever is said of the key', () => {
    const slots = new KeySlots();
    for (let n = 0; n < 30_000; n += 1) slots.add(keyOf(`k${n}`));
    const seals: string[] = [];
    const secretOf = (slot: number): string | undefined =>
      slots.at(slot)?.open((sealed) => {
        seals.push(sealed);
        return 'sk-\u00fc';
      });
    slots.change(0, keyOf('k0', { version: 2, sealed: 'sealed anew' }));
    expect(secretOf(0)).toBe('sk-\u00fc');
    const opened = seals.length;
    for (let slot = 1; slot < 30_000; slot += 1) slots.at(slot);
    slots.change(0, keyOf('k0', { version: 3, sealed: 'and again' }));
    expect(secretOf(0)).toBe('sk-\u00fc');
    expect(seals[0]).toBe('sealed anew');
    expect(seals).toHaveLength(opened);
  });

  it('open with a secret those of the keys whose turn is next, and no others', () => {
    const slots = new KeySlots();
    for (let n = 0; n < 40; n += 1) {
      slots.add(keyOf(`k${n}`, { state: n === 3 ? 'disabled' : 'active' }));
    }
    const seals: string[] = [];
    const opening = (sealed: string): string => {
      seals.push(sealed);
      return 'sk';
    };
    for (let slot = 0; slot < 16; slot += 1) if (slot !== 3) slots.at(slot)?.open(opening);
    const sealsOf = (from: number, to: number): string[] =>
      Array.from({ length: to - from }, (_, at) => `sealed-k${from + at}`);
    // k3 is disabled.
    expect(seals).toEqual([...sealsOf(0, 3), ...sealsOf(4, 16)]);
    slots.at(39)?.open(opening);
    expect(seals.slice(15)).toEqual(['sealed-k39']);
  });

  it('tell of a seal that cannot be opened when it is the turn of its key', () => {
    const slots = new KeySlots();
    for (const id of ['first', 'broken', 'third']) slots.add(keyOf(id));
    const opening = (sealed: string): string => {
      if (sealed === 'sealed-broken') throw new Error('it does not open');
      return sealed;
    };
    expect(slots.at(0)?.open(opening)).toBe('sealed-first');
    expect(() => slots.at(1)?.open(opening)).toThrow('it does not open');
    expect(slots.at(2)?.open(opening)).toBe('sealed-third');
  });

  it('give a secret that is longer than its seal', () => {
    const slots = new KeySlots();
    const key = slots.at(slots.add(keyOf('k')));
    const secret = 'x'.repeat(100);
    expect(key?.open(() => secret)).toBe(secret);
    expect(key?.secret).toBe(secret);
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
