import { describe, expect, it } from 'vitest';
import { LoginThrottle } from './login-throttle.ts';

function failed(times: number, address = 'a'): LoginThrottle {
  const throttle = new LoginThrottle();
  for (let each = 0; each < times; each += 1) throttle.failed(address, 0);
  return throttle;
}

describe('the login throttle', () => {
  it('lets five wrong tries pass and then makes each wait longer than the last', () => {
    expect(failed(4).waitMs('a', 0)).toBe(0);
    expect(failed(5).waitMs('a', 0)).toBe(2_000);
    expect(failed(6).waitMs('a', 0)).toBe(4_000);
    expect(failed(50).waitMs('a', 0)).toBe(900_000);
  });

  it('lets the next try through when the wait is over', () => {
    expect(failed(5).waitMs('a', 2_000)).toBe(0);
  });

  it('slows nobody down for another address’s tries, nor after a success', () => {
    const throttle = failed(9);
    expect(throttle.waitMs('b', 0)).toBe(0);
    throttle.succeeded('a');
    expect(throttle.waitMs('a', 0)).toBe(0);
  });

  it('forgets tries of more than a minute ago', () => {
    const throttle = failed(4);
    throttle.failed('a', 61_000);
    expect(throttle.waitMs('a', 61_000)).toBe(0);
  });
});
