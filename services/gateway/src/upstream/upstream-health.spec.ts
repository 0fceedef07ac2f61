import { describe, expect, it } from 'vitest';
import { UpstreamHealth } from './upstream-health.ts';

function tripped(nowMs: number): UpstreamHealth {
  const health = new UpstreamHealth();
  for (let each = 0; each < 3; each += 1) health.failure(nowMs);
  return health;
}

describe('the health of an upstream', () => {
  it('survives two failures, and a success in between starts the count anew', () => {
    const health = new UpstreamHealth();
    health.failure(0);
    health.failure(0);
    health.success();
    health.failure(0);
    health.failure(0);
    expect(health.allows('m', 0)).toBe(true);
  });

  it('is out for 5 s after three failures in a row', () => {
    const health = tripped(0);
    expect(health.allows('m', 4_999)).toBe(false);
    expect(health.allows('m', 5_000)).toBe(true);
  });

  it('lets one trial request through, whose success brings it back', () => {
    const health = tripped(0);
    health.chosen(5_000);
    expect(health.allows('m', 5_001)).toBe(false);
    health.success();
    expect(health.allows('m', 5_002)).toBe(true);
  });

  it('doubles the time out to 60 s while trials fail', () => {
    const health = tripped(0);
    let nowMs = 5_000;
    const outs: number[] = [];
    for (let each = 0; each < 6; each += 1) {
      health.chosen(nowMs);
      health.failure(nowMs);
      let backMs = nowMs;
      while (!health.allows('m', backMs)) backMs += 1_000;
      outs.push(backMs - nowMs);
      nowMs = backMs;
    }
    expect(outs).toEqual([10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
  });

  it('lets another trial follow when the first was never judged', () => {
    const health = tripped(0);
    health.chosen(5_000);
    expect(health.allows('m', 10_000)).toBe(true);
  });

  it('does not count answers to requests from before it went out', () => {
    const health = tripped(0);
    health.failure(10);
    expect(health.allows('m', 5_000)).toBe(true);
  });

  it('passes over an overloaded model only', () => {
    const health = new UpstreamHealth();
    health.overloaded('m', 100);
    expect(health.allows('m', 50)).toBe(false);
    expect(health.allows('other', 50)).toBe(true);
    expect(health.allows('m', 100)).toBe(true);
  });
});
