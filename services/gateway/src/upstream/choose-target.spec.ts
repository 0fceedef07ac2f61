import { describe, expect, it } from 'vitest';
import { aggregateGroup, standardGroup } from '../live-config/live-group.fixture.ts';
import type { LiveAggregateGroup, LiveStandardGroup } from '../live-config/live-group.ts';
import { type ChoiceRequest, chooseTarget, type Tried } from './choose-target.ts';
import { failuresToTrip } from './upstream-health.ts';

const nowMs = 1_000_000;

const memberOf = (name: string, keys = 3) => standardGroup({ name, keys });

const request: ChoiceRequest = {
  tried: { keys: [], upstreams: [] },
  modelOf: () => 'm',
  serves: () => true,
  otherUpstream: false,
  nowMs,
};

/** Who is chosen, so many times. */
function chosen(group: LiveAggregateGroup, times: number, more: Partial<ChoiceRequest> = {}) {
  return Array.from({ length: times }, () => {
    const choice = chooseTarget(group, { ...request, ...more });
    return choice.kind === 'target' ? choice.target.group.name : choice.kind;
  });
}

function trip({ upstreams }: LiveStandardGroup): void {
  for (let each = 0; each < failuresToTrip; each += 1) {
    for (const { health } of upstreams) health.failure(nowMs);
  }
}

describe('an aggregate', () => {
  it('shares by weight', () => {
    const all = aggregateGroup(
      { group: memberOf('a'), weight: 3 },
      { group: memberOf('b'), weight: 1 },
    );
    expect(chosen(all, 8).filter((each) => each === 'a')).toHaveLength(6);
  });

  it('passes over a member whose upstreams are all out, unless those of every member are', () => {
    const [a, b] = [memberOf('a'), memberOf('b')];
    const all = aggregateGroup({ group: a, weight: 10 }, { group: b, weight: 1 });
    trip(a);
    expect(chosen(all, 12)).toEqual(Array.from({ length: 12 }, () => 'b'));
    trip(b);
    expect(new Set(chosen(all, 22))).toEqual(new Set(['a', 'b']));
  });

  it('goes to another member when the upstream of one was at fault, whatever their weights', () => {
    const [a, b] = [memberOf('a'), memberOf('b')];
    const all = aggregateGroup({ group: a, weight: 100 }, { group: b, weight: 1 });
    const tried: Tried = { keys: [], upstreams: a.upstreams };
    expect(chosen(all, 3, { otherUpstream: true, tried })).toEqual(['b', 'b', 'b']);
    const both: Tried = { keys: [], upstreams: [...a.upstreams, ...b.upstreams] };
    expect(chosen(all, 1, { otherUpstream: true, tried: both })).toEqual(['a']);
  });

  it('passes over a member that has no key, even to one whose upstream is out', () => {
    const b = memberOf('b');
    trip(b);
    const all = aggregateGroup({ group: memberOf('a', 0), weight: 10 }, { group: b, weight: 1 });
    expect(chosen(all, 3)).toEqual(['b', 'b', 'b']);
  });

  it('passes over a member whose rules refuse the request, unless those of every member do', () => {
    const [a, b] = [memberOf('a'), memberOf('b')];
    const all = aggregateGroup({ group: a, weight: 10 }, { group: b, weight: 1 });
    expect(chosen(all, 3, { serves: (each) => each === b })).toEqual(['b', 'b', 'b']);
    expect(chosen(all, 1, { serves: () => false })).toEqual(['a']);
  });

  it('has no key when only members that refuse the request have one', () => {
    const [a, b] = [memberOf('a'), memberOf('b', 0)];
    const all = aggregateGroup({ group: a, weight: 10 }, { group: b, weight: 1 });
    expect(chosen(all, 1, { serves: (each) => each === b })).toEqual(['no-key']);
  });
});
