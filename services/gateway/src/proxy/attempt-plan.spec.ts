import { channelByName } from '@keymux/channels';
import { createInProcessCoordination } from '@keymux/coordination';
import type { Judgement } from '@keymux/outcome';
import { expect, it } from 'vitest';
import { KeyPool } from '../key-ring/key-pool.ts';
import { WeightedChoice } from '../key-ring/weighted-choice.ts';
import { KeyLimits } from '../limits/key-limits.ts';
import {
  effectiveSettings,
  type LiveGroup,
  type LiveStandardGroup,
} from '../live-config/live-group.ts';
import { UpstreamHealth } from '../upstream/upstream-health.ts';
import { AttemptPlan } from './attempt-plan.ts';
import { bufferedBody } from './request-body.ts';
import { readRequestHeaders } from './request-headers.ts';

const clock = { now: () => 1_000_000 };
const named = (name: string, enabled = true) => ({
  name,
  channel: channelByName('openai'),
  enabled,
  proxyKeys: new Map(),
  settings: effectiveSettings({}, {}),
});

function groupOf(name: string, upstreamCount: number, enabled = true): LiveStandardGroup {
  const pool = new KeyPool();
  for (let each = 0; each < 3; each += 1) {
    const about = { sealed: 's', masked: 'm', state: 'active', streak: 0, version: 1 } as const;
    pool.apply({ id: `${name}${each}`, cooldowns: [], ...about }, clock.now());
  }
  const upstreams = Array.from({ length: upstreamCount }, (_, at) => {
    const url = `https://${name}${at}.example`;
    return { url, origin: url, basePath: '', weight: 1, health: new UpstreamHealth() };
  });
  return {
    type: 'standard',
    ...named(name, enabled),
    upstreams,
    upstreamChoice: new WeightedChoice(upstreams),
    pool,
    rewrite: null,
    headerRules: [],
    errorRules: [],
  };
}

function aggregateOf(...groups: LiveStandardGroup[]): LiveGroup {
  const members = groups.map((group) => ({ group, weight: 1 }));
  return { type: 'aggregate', ...named('all'), members, memberChoice: new WeightedChoice(members) };
}

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
  const body = bufferedBody(Buffer.from('{}'));
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

it('waits where no other member of an aggregate is enabled, or the next key may be for the same upstream', async () => {
  const one = aggregateOf(groupOf('a', 1), groupOf('b', 1, false));
  expect(await waitsMs(one, outage)).toEqual([200]);
  const two = aggregateOf(groupOf('a', 1), groupOf('b', 1));
  expect(await waitsMs(two, rateLimit)).toEqual([200]);
});
