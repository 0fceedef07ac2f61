import { createLogger } from '@keymux/service';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createInProcessLeases } from './in-process/leases.ts';
import { LeaseHolder } from './lease-holder.ts';
import type { Leases } from './leases.ts';

vi.setConfig({ testTimeout: 60_000 });
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 30_000, interval: 5 });
const log = createLogger({ service: 'test', level: 'fatal', format: 'json', write: () => true });

const holders: LeaseHolder[] = [];
afterEach(async () => {
  for (const holder of holders.splice(0)) await holder.stop();
});

function hold(leases: Leases, ttlMs = 300) {
  const signals: AbortSignal[] = [];
  const gained = (lost: AbortSignal) => void signals.push(lost);
  const holder = new LeaseHolder({ leases, name: 'right', log, ttlMs, gained });
  holders.push(holder);
  holder.start();
  return { holder, signals };
}

describe('a lease holder', () => {
  it('keeps what it has, and leaves it to the next at once when it stops', async () => {
    const leases = createInProcessLeases();
    const first = hold(leases);
    await eventually(() => first.holder.held).toBe(true);
    const second = hold(leases);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(first.signals).toHaveLength(1);
    expect(second.holder.held).toBe(false);
    await first.holder.stop();
    expect(first.signals[0]?.aborted).toBe(true);
    await eventually(() => second.holder.held).toBe(true);
  });

  it('takes over from a holder that died', async () => {
    const leases = createInProcessLeases();
    await leases.acquire('right', 500);
    const { holder, signals } = hold(leases);
    await eventually(() => holder.held).toBe(true);
    expect(signals[0]?.aborted).toBe(false);
  });

  it('stops when it cannot ask whether the lease is still its own', async () => {
    const leases = createInProcessLeases();
    let away = false;
    const { holder, signals } = hold({
      ...leases,
      renew: (lease, ttlMs) => (away ? new Promise(() => undefined) : leases.renew(lease, ttlMs)),
      release: () => Promise.resolve(),
    });
    await eventually(() => holder.held).toBe(true);
    away = true;
    await eventually(() => holder.held).toBe(false);
    expect(signals[0]?.aborted).toBe(true);
    holders.splice(0);
  });

  it('stops when the lease went to another, and asks for it again', async () => {
    const leases = createInProcessLeases();
    let stolen = false;
    const { holder, signals } = hold({
      ...leases,
      renew: (lease, ttlMs) => (stolen ? Promise.resolve(false) : leases.renew(lease, ttlMs)),
    });
    await eventually(() => holder.held).toBe(true);
    stolen = true;
    await eventually(() => signals[0]?.aborted).toBe(true);
    stolen = false;
    await eventually(() => signals.length).toBe(2);
    await eventually(() => signals[1]?.aborted).toBe(false);
  });
});
