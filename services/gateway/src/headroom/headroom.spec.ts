import { channelByName } from '@keymux/channels';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyPool } from '../key-ring/key-pool.ts';
import { WeightedChoice } from '../key-ring/weighted-choice.ts';
import { effectiveSettings, type LiveStandardGroup } from '../live-config/live-group.ts';
import { Headroom } from './headroom.ts';

const startMs = 1_800_000_000_000;
const model = 'm';

function groupOf(count: number, headroom = true): LiveStandardGroup {
  const pool = new KeyPool();
  for (let each = 0; each < count; each += 1) {
    const id = `k${each}`;
    const fresh = { sealed: id, masked: id, state: 'active', streak: 0, version: 1 } as const;
    pool.apply({ id, cooldowns: [], ...fresh }, startMs);
  }
  return {
    type: 'standard',
    name: 'g',
    channel: channelByName('openai'),
    enabled: true,
    proxyKeys: new Map(),
    settings: effectiveSettings({ headroom }, {}),
    upstreams: [],
    upstreamChoice: new WeightedChoice([]),
    pool,
    rewrite: null,
    headerRules: [],
    errorRules: [],
  };
}

/** A provider that allows each key some requests until a moment, and a gateway that asks it. */
function provider({ allowed, group }: { allowed: number; group: LiveStandardGroup }) {
  let nowMs = startMs;
  const headroom = new Headroom({ clock: { now: () => nowMs } });
  const used = new Map<string, number>();
  /** Sends a request; the function that is given back brings its answer. */
  const send = () => {
    const key = group.pool.choose(model, [], nowMs);
    if (key === undefined) throw new Error('a key is always there');
    headroom.asked({ key, group }, model);
    const count = (used.get(key.id) ?? 0) + 1;
    used.set(key.id, count);
    const remaining = Math.max(0, allowed - count);
    return () => {
      key.unanswered -= 1;
      headroom.answered({ key, group }, model, [
        'x-ratelimit-limit-requests',
        String(allowed),
        'x-ratelimit-remaining-requests',
        String(remaining),
        'x-ratelimit-reset-requests',
        '60s',
      ]);
      return key.id;
    };
  };
  return {
    headroom,
    used,
    send,
    ask: () => send()(),
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe('headroom', () => {
  it('gives each key what its provider allows, and not more while others have room', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 1, max: 20 }),
        (keys, allowed) => {
          const { ask, used } = provider({ allowed, group: groupOf(keys) });
          for (let each = 0; each < keys * allowed; each += 1) ask();
          expect([...used.values()]).toEqual(Array.from({ length: keys }, () => allowed));
        },
      ),
    );
  });

  it('counts what is on its way, so that a burst does not run a key dry', () => {
    const group = groupOf(3);
    const { ask, send, used } = provider({ allowed: 5, group });
    for (let each = 0; each < 3; each += 1) ask();
    const k0 = group.pool.get('k0');
    if (k0 === undefined) throw new Error('k0 is in the pool');
    const answers = Array.from({ length: 12 }, send);
    expect([...used.values()]).toEqual([5, 5, 5]);
    for (const answer of answers) answer();
    expect(k0.unanswered).toBe(0);
  });

  it('uses keys that are nearly dry when no other is there, in turn', () => {
    const { ask } = provider({ allowed: 1, group: groupOf(2) });
    expect(Array.from({ length: 6 }, ask)).toEqual(['k0', 'k1', 'k0', 'k1', 'k0', 'k1']);
  });

  it('uses a key again when its limit ends', () => {
    const { ask, used, pass } = provider({ allowed: 1, group: groupOf(2) });
    expect([ask(), ask()]).toEqual(['k0', 'k1']);
    used.clear();
    pass(60_000);
    expect([ask(), ask()]).toEqual(['k0', 'k1']);
  });

  it('keeps the rotation fair while nobody is near the end', () => {
    const { ask, used } = provider({ allowed: 1_000, group: groupOf(7) });
    for (let each = 0; each < 700; each += 1) ask();
    expect([...used.values()]).toEqual([100, 100, 100, 100, 100, 100, 100]);
  });

  it('does nothing where the group does not want it', () => {
    const { ask, headroom } = provider({ allowed: 1, group: groupOf(2, false) });
    for (let each = 0; each < 4; each += 1) ask();
    expect(headroom.takeChanged(10)).toEqual([]);
  });

  it('believes another gateway, but not what is older than what it knows', () => {
    const group = groupOf(2);
    const { headroom, ask } = provider({ allowed: 10, group });
    const key = group.pool.get('k1');
    if (key === undefined) throw new Error('k1 is in the pool');
    const dry = { requests: { remaining: 0, limit: 10, reset: '60s' }, tokens: null };
    headroom.heard({ key, group }, model, { atMs: startMs, ...dry });
    expect([ask(), ask()]).toEqual(['k0', 'k0']);
    const room = { requests: { remaining: 9, limit: 10, reset: '60s' }, tokens: null };
    headroom.heard({ key, group }, model, { atMs: startMs - 1, ...room });
    expect([ask(), ask()]).toEqual(['k0', 'k0']);
    headroom.heard({ key, group }, model, { atMs: startMs + 1, ...room });
    expect(ask()).toBe('k1');
  });

  it('tells a gauge once however often it changed, and at a bounded rate', () => {
    const { ask, headroom } = provider({ allowed: 100, group: groupOf(3) });
    for (let each = 0; each < 9; each += 1) ask();
    expect(headroom.takeChanged(2).map(({ key }) => key.id)).toEqual(['k0', 'k1']);
    const [last] = headroom.takeChanged(2);
    expect(last).toMatchObject({ model, reading: { requests: { remaining: 97 } } });
    expect(headroom.takeChanged(2)).toEqual([]);
  });

  it('lets a bounded number of gauges wait to be told', () => {
    const { ask, headroom } = provider({ allowed: 100, group: groupOf(10_100) });
    for (let each = 0; each < 10_100; each += 1) ask();
    expect(headroom.takeChanged(20_000)).toHaveLength(10_000);
  });
});
