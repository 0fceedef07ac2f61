import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lookAround, periodMs, type Schedule } from './schedule.ts';

const minute = 60_000;
const hourly = { name: 'hourly', intervalMs: 60 * minute };

function look(schedule: Schedule, nowMs: number, random = () => 0, groups = [hourly]) {
  return lookAround(schedule, groups, { nowMs, random });
}

describe('the schedule of probes', () => {
  it('looks at a group ten times an interval, but not more often than each ten seconds', () => {
    expect(periodMs(60 * minute)).toBe(6 * minute);
    expect(periodMs(1 * minute)).toBe(10_000);
  });

  it('begins with a new group at a random moment of its period', () => {
    expect(look(new Map(), 1_000).due).toEqual(['hourly']);
    const later = look(new Map(), 0, () => 0.5);
    expect(later.due).toEqual([]);
    expect(later.schedule.get('hourly')).toBe(3 * minute);
    expect(look(later.schedule, 3 * minute).due).toEqual(['hourly']);
  });

  it('looks again a period later', () => {
    const { schedule } = look(new Map(), 0);
    expect(look(schedule, 6 * minute - 1).due).toEqual([]);
    expect(look(schedule, 6 * minute).due).toEqual(['hourly']);
  });

  it('follows an interval that was made shorter', () => {
    const { schedule } = look(new Map(), 0);
    const shorter = { name: 'hourly', intervalMs: minute };
    const seen = look(schedule, 10, () => 0, [shorter]);
    expect(seen.schedule.get('hourly')).toBe(10_000 + 10);
  });

  it('forgets groups that are gone', () => {
    const { schedule } = look(new Map(), 0);
    expect(look(schedule, 1, () => 0, []).schedule.size).toBe(0);
  });

  it('never leaves a group unseen for longer than a period and a tick', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_440 }),
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1 }),
        (minutes, randoms) => {
          const group = { name: 'g', intervalMs: minutes * minute };
          let at = 0;
          const random = () => randoms[(at += 1) % randoms.length] ?? 0;
          let schedule: Schedule = new Map();
          let lastSeen = 0;
          let longestMs = 0;
          for (let now = 0; now < 5 * periodMs(group.intervalMs); now += minute) {
            const seen = lookAround(schedule, [group], { nowMs: now, random });
            schedule = seen.schedule;
            longestMs = Math.max(longestMs, now - lastSeen);
            if (seen.due.length > 0) lastSeen = now;
          }
          expect(longestMs).toBeLessThanOrEqual(periodMs(group.intervalMs) + minute);
        },
      ),
      { numRuns: 30 },
    );
  });
});
