import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeightedChoice } from './weighted-choice.ts';

const all = () => true;

describe('weighted choice', () => {
  it('keeps within 1 % of the weights over 10,000 choices', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 8 }),
        (weights) => {
          const entries = weights.map((weight, id) => ({ id, weight }));
          const choice = new WeightedChoice(entries);
          const counts = entries.map(() => 0);
          for (let each = 0; each < 10_000; each += 1) {
            const id = choice.next(all)?.id ?? -1;
            counts[id] = (counts[id] ?? 0) + 1;
          }
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          entries.forEach(({ id, weight }) => {
            expect(Math.abs((counts[id] ?? 0) / 10_000 - weight / total)).toBeLessThan(0.01);
          });
        },
      ),
      { numRuns: 20 },
    );
  });

  it('spreads the choices instead of bunching them', () => {
    const choice = new WeightedChoice([
      { id: 'a', weight: 5 },
      { id: 'b', weight: 1 },
      { id: 'c', weight: 1 },
    ]);
    const run = Array.from({ length: 7 }, () => choice.next(all)?.id).join('');
    expect(run).toBe('aabacaa');
  });

  it('never takes what is not allowed or weighs nothing', () => {
    const choice = new WeightedChoice([
      { id: 'a', weight: 0 },
      { id: 'b', weight: 1 },
      { id: 'c', weight: 1 },
    ]);
    expect(choice.next((entry) => entry.id === 'a')).toBeUndefined();
    expect(choice.next((entry) => entry.id === 'c')?.id).toBe('c');
  });
});
