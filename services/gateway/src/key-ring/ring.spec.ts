import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ring } from './ring.ts';

test('an empty ring has no next member', () => {
  expect(new Ring<string>().next()).toBeUndefined();
});

test('after N·k turns each of k members was used N times', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 20 }), (k, n) => {
      const ring = new Ring<number>();
      for (let member = 0; member < k; member += 1) ring.add(member);
      const uses = new Map<number, number>();
      for (let turn = 0; turn < n * k; turn += 1) {
        const member = ring.next();
        if (member !== undefined) uses.set(member, (uses.get(member) ?? 0) + 1);
      }
      expect([...uses.values()]).toEqual(Array.from({ length: k }, () => n));
    }),
  );
});

test('a member that leaves gives no other member a second turn and takes none away', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 40 }),
      fc.nat(39),
      fc.nat(39),
      (size, turnsBefore, leaving) => {
        const ring = new Ring<number>();
        for (let member = 0; member < size; member += 1) ring.add(member);
        const used: (number | undefined)[] = [];
        for (let turn = 0; turn < turnsBefore % size; turn += 1) used.push(ring.next());
        const leaver = leaving % size;
        ring.remove(leaver);
        while (new Set([...used, leaver]).size < size) {
          const member = ring.next();
          expect(used).not.toContain(member);
          used.push(member);
        }
      },
    ),
  );
});

test('any order of joins and leaves keeps exactly the members that joined last', () => {
  const step = fc.record({ member: fc.nat(9), joins: fc.boolean(), turns: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const ring = new Ring<number>();
      const model = new Set<number>();
      for (const { member, joins, turns } of steps) {
        if (joins) {
          ring.add(member);
          model.add(member);
        } else expect(ring.remove(member)).toBe(model.delete(member));
        for (let turn = 0; turn < turns; turn += 1) ring.next();
        expect(ring.size).toBe(model.size);
      }
      expect([...ring.values()].sort()).toEqual([...model].sort());
    }),
  );
});
