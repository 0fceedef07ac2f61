import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inOrder } from './probe.ts';

describe('the upstreams of a probe', () => {
  it('begin with one chosen by weight', () => {
    const upstreams = [
      { url: 'a', weight: 1 },
      { url: 'off', weight: 0 },
      { url: 'b', weight: 3 },
    ];
    expect(inOrder(upstreams, 0)).toEqual(['a', 'b']);
    expect(inOrder(upstreams, 0.24)).toEqual(['a', 'b']);
    expect(inOrder(upstreams, 0.26)).toEqual(['b', 'a']);
    expect(inOrder(upstreams, 0.99)).toEqual(['b', 'a']);
    expect(inOrder([], 0.5)).toEqual([]);
  });

  it('are all of those with a weight, each once', () => {
    const upstream = fc.record({ url: fc.uuid(), weight: fc.integer({ min: 0, max: 100 }) });
    fc.assert(
      fc.property(
        fc.array(upstream),
        fc.double({ min: 0, max: 0.9999, noNaN: true }),
        (all, at) => {
          const used = all.filter(({ weight }) => weight > 0).map(({ url }) => url);
          expect(inOrder(all, at).toSorted()).toEqual(used.toSorted());
        },
      ),
    );
  });
});
