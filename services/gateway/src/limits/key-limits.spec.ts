import { createInProcessCoordination, type Limits } from '@keymux/coordination';
import { describe, expect, it } from 'vitest';
import { standardGroup } from '../live-config/live-group.fixture.ts';
import type { ChoiceRequest } from '../upstream/choose-target.ts';
import { KeyLimits } from './key-limits.ts';

const clock = { now: () => 1_000_000 };

const groupOf = (keys: number, config: Readonly<Record<string, number>>) =>
  standardGroup({ name: 'k', keys, config });

const request: ChoiceRequest = {
  tried: { keys: [], upstreams: [] },
  modelOf: () => 'm',
  serves: () => true,
  otherUpstream: false,
  nowMs: clock.now(),
};

/** Limits, and how many questions they were asked. */
function counted(limits: Limits = createInProcessCoordination().limits) {
  const asked = { times: 0, names: 0 };
  const take: Limits['take'] = (each) => {
    asked.times += 1;
    asked.names += each.names.length;
    return limits.take(each);
  };
  return { asked, limits: { ...limits, take } };
}

describe('the limits of keys', () => {
  it('ask nobody for a group that has none, and answer it at once', () => {
    const { asked, limits } = counted();
    const choice = new KeyLimits({ limits, clock }).choose(groupOf(3, {}), request);
    expect(choice).toMatchObject({ kind: 'target', target: { key: { id: 'k0' } } });
    expect(asked.times).toBe(0);
  });

  it('pass over keys that others used up, many at a time', async () => {
    const { asked, limits } = counted();
    const names = Array.from({ length: 999 }, (_, at) => `k${at}`);
    for (const name of names) {
      const allowance = { perMinute: 1, atOnce: 0 };
      await limits.take({ space: 'keys:k', names: [name], allowance, use: '' });
    }
    asked.times = 0;
    const group = groupOf(1_000, { key_rpm_limit: 1 });
    const keyLimits = new KeyLimits({ limits, clock });
    const choice = await keyLimits.choose(group, request);
    expect(choice).toMatchObject({ kind: 'target', target: { key: { id: 'k999' } } });
    expect(asked.times).toBeLessThanOrEqual(6);
    // From now on the gateway knows: one question finds out of the last key, and no further one is needed.
    asked.times = 0;
    expect(await keyLimits.choose(group, request)).toMatchObject({ kind: 'no-key' });
    expect(asked.times).toBe(1);
    expect(await keyLimits.choose(group, request)).toMatchObject({ kind: 'no-key' });
    expect(asked.times).toBe(1);
  });

  it('tell when the first key can be used again', async () => {
    const { limits } = counted();
    const group = groupOf(2, { key_rpm_limit: 1 });
    const keyLimits = new KeyLimits({ limits, clock });
    for (let each = 0; each < 2; each += 1) await keyLimits.choose(group, request);
    const choice = await keyLimits.choose(group, request);
    if (choice.kind !== 'no-key') throw new Error('both keys are used up');
    expect(choice.soonestMs).toBeGreaterThan(clock.now() + 55_000);
    expect(choice.soonestMs).toBeLessThanOrEqual(clock.now() + 60_000);
  });

  it('give a place back once, and at once to the next request of this gateway', async () => {
    const { limits } = counted();
    const group = groupOf(1, { key_concurrency_limit: 1 });
    const keyLimits = new KeyLimits({ limits, clock });
    const choose = async () => {
      const choice = await keyLimits.choose(group, request);
      return choice.kind === 'target' ? choice.permit : undefined;
    };
    const first = await choose();
    expect(first).toBeDefined();
    expect(await choose()).toBeUndefined();
    first?.end();
    const second = await choose();
    expect(second).toBeDefined();
    // The first one's place is the second one's by now.
    first?.end();
    expect(await choose()).toBeUndefined();
  });
});
