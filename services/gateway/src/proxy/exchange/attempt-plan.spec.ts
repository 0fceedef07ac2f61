import { createInProcessCoordination } from '@keymux/coordination';
import type { Judgement } from '@keymux/outcome';
import { expect, it } from 'vitest';
import { KeyLimits } from '../../limits/key-limits.ts';
import { aggregateGroup, standardGroup } from '../../live-config/live-group.fixture.ts';
import type { LiveGroup, LiveStandardGroup } from '../../live-config/live-group.ts';
import { failuresToTrip } from '../../upstream/upstream-health.ts';
import { AttemptPlan } from './attempt-plan.ts';
import { nothingAsked } from '../body/asked-fields.ts';
import { bufferedBody } from '../body/request-body.ts';
import { readRequestHeaders } from '../headers/request-headers.ts';

const clock = { now: () => 1_000_000 };
const groupOf = (name: string, upstreams: number, enabled = true) =>
  standardGroup({ name, upstreams, enabled });
const aggregateOf = (...groups: LiveStandardGroup[]) =>
  aggregateGroup(...groups.map((group) => ({ group, weight: 1 })));

const about = { message: '', cooldown: null, alike: null };
const outage: Judgement = {
  ...about,
  verdict: 'upstream',
  rule: 'server-error',
  scope: 'upstream',
  retry: 'other-upstream',
  at_fault: 'upstream',
};
const rateLimit: Judgement = {
  ...about,
  verdict: 'cooldown',
  rule: 'rate-limit',
  scope: 'key-model',
  retry: 'other-key',
  at_fault: 'key',
};

/** How long the attempt after one that was judged so waits, at most, ms; of the first attempts of a request. */
async function waitsMs(group: LiveGroup, ...judgements: Judgement[]): Promise<number[]> {
  const body = bufferedBody(Buffer.from('{}'), nothingAsked);
  const request = {
    headers: readRequestHeaders([]),
    body,
    path: '/v1/x',
    bodyModel: 'm',
    via: 'v',
  };
  const limits = new KeyLimits({ limits: createInProcessCoordination().limits, clock });
  const plan = new AttemptPlan({ ...request, group }, clock.now() + 60_000, limits);
  const waits: number[] = [];
  for (const judgement of judgements) {
    const step = await plan.next(clock);
    if (step.kind !== 'attempt') throw new Error(`no attempt but ${step.kind}`);
    const { target } = step;
    const again = plan.after(judgement, { target, nowMs: clock.now(), random: () => 1 });
    if (again.kind === 'over') throw new Error('there is no other attempt');
    waits.push(again.waitMs);
  }
  return waits;
}

it('waits longer each time before the same upstream is tried again', async () => {
  expect(await waitsMs(groupOf('a', 1), outage, outage)).toEqual([200, 400]);
  expect(await waitsMs(groupOf('a', 1), rateLimit, outage)).toEqual([200, 400]);
});

it('goes to another upstream at once', async () => {
  expect(await waitsMs(groupOf('a', 2), outage, rateLimit)).toEqual([0, 0]);
});

it('goes to another member of an aggregate at once, and waits when each was tried', async () => {
  const all = aggregateOf(groupOf('a', 1), groupOf('b', 1));
  expect(await waitsMs(all, outage, outage)).toEqual([0, 400]);
});

it('waits where the upstream of every other member is out, too', async () => {
  const out = groupOf('b', 1);
  for (let each = 0; each < failuresToTrip; each += 1)
    out.upstreams[0]?.health.failure(clock.now());
  expect(await waitsMs(aggregateOf(groupOf('a', 1), out), outage)).toEqual([200]);
});

it('waits where no other member of an aggregate is enabled, or the next key may be for the same upstream', async () => {
  const one = aggregateOf(groupOf('a', 1), groupOf('b', 1, false));
  expect(await waitsMs(one, outage)).toEqual([200]);
  const two = aggregateOf(groupOf('a', 1), groupOf('b', 1));
  expect(await waitsMs(two, rateLimit)).toEqual([200]);
});
