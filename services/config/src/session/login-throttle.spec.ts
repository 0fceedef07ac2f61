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

  it('takes the addresses of one IPv6 network for one', () => {
    const throttle = new LoginThrottle();
    for (let each = 0; each < 5; each += 1) throttle.failed(`2001:db8::${each}`, 0);
    expect(throttle.waitMs('2001:db8::ffff', 0)).toBe(2_000);
    expect(throttle.waitMs('2001:db8:0:1::1', 0)).toBe(0);
  });

  it('holds many guessers together, and lets everyone try again after the minute', () => {
    const throttle = new LoginThrottle();
    for (let each = 0; each < 199; each += 1) throttle.failed(`10.0.0.${each}`, 1_000);
    expect(throttle.waitMs('192.0.2.1', 2_000)).toBe(0);
    throttle.failed('10.0.1.1', 2_000);
    expect(throttle.waitMs('192.0.2.1', 2_000)).toBe(59_000);
    expect(throttle.waitMs('192.0.2.1', 61_000)).toBe(0);
  });

  it('remembers no more than 10,000 networks, the latest ones', () => {
    const throttle = new LoginThrottle();
    for (let each = 0; each < 10_050; each += 1) {
      // Far enough apart that they are never too many in a minute.
      for (let again = 0; again < 5; again += 1) throttle.failed(`a${each}`, each * 60_000);
    }
    expect(throttle.size).toBe(10_000);
    expect(throttle.waitMs('a10049', 10_049 * 60_000)).toBe(2_000);
  });
});
