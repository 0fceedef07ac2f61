import { describe, expect, it } from 'vitest';
import type { ThrottlePolicy } from '../throttle.ts';
import { createInProcessThrottle } from './throttle.ts';

const policy: ThrottlePolicy = {
  windowMs: 60_000,
  freeTries: 5,
  firstWaitMs: 2_000,
  longestWaitMs: 900_000,
  freeTriesOfAll: 200,
};

function open() {
  const clock = { nowMs: 1_000 };
  const throttle = createInProcessThrottle({ policy, now: () => clock.nowMs });
  return { clock, throttle };
}

describe('the throttle within a process', () => {
  it('makes each wrong try wait twice as long as the last, up to the longest wait', async () => {
    const { clock, throttle } = open();
    for (let each = 0; each < 5; each += 1) await throttle.tried('a', 'wrong');
    for (const waitMs of [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 512_000]) {
      expect(await throttle.tried('a', 'wrong')).toBe(waitMs);
      clock.nowMs += waitMs;
      expect(await throttle.tried('a', 'wrong')).toBe(0);
    }
    expect(await throttle.tried('a', 'wrong')).toBe(900_000);
  });

  it('forgets tries of more than a minute ago', async () => {
    const { clock, throttle } = open();
    for (let each = 0; each < 4; each += 1) await throttle.tried('a', 'wrong');
    clock.nowMs += 61_000;
    for (let each = 0; each < 5; each += 1) expect(await throttle.tried('a', 'wrong')).toBe(0);
  });

  it('lets everybody try again after the minute in which there were too many', async () => {
    const { clock, throttle } = open();
    for (let each = 0; each < 200; each += 1) {
      if (each === 199) clock.nowMs += 1_000;
      expect(await throttle.tried(`10.0.0.${each}`, 'wrong')).toBe(0);
    }
    expect(await throttle.tried('192.0.2.1', 'right')).toBe(59_000);
    clock.nowMs += 59_000;
    expect(await throttle.tried('192.0.2.1', 'right')).toBe(0);
  });

  it('remembers the latest 10,000 guessers', async () => {
    const { clock, throttle } = open();
    for (let each = 0; each < 10_050; each += 1) {
      // Far enough apart that they are never too many in a minute.
      clock.nowMs += 60_000;
      for (let again = 0; again < 5; again += 1) await throttle.tried(`a${each}`, 'wrong');
    }
    expect(await throttle.tried('a10049', 'right')).toBe(2_000);
  });
});
