import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createReloads } from './reloads.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Loads that end when the test says so. */
function held() {
  const loads: { readonly abort: AbortSignal; readonly end: () => Promise<void> }[] = [];
  const reloads = createReloads((abort) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    loads.push({
      abort,
      async end() {
        resolve();
        await vi.advanceTimersByTimeAsync(0);
      },
    });
    return promise;
  }, 1_000);
  return { loads, reloads };
}

it('loads once more after a load during which something changed', async () => {
  const { loads, reloads } = held();
  reloads.now();
  await vi.advanceTimersByTimeAsync(5_000);
  reloads.soon();
  reloads.soon();
  expect(loads).toHaveLength(1);
  expect(loads[0]?.abort.aborted).toBe(false);
  await loads[0]?.end();
  expect(loads).toHaveLength(2);
  await loads[1]?.end();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(loads).toHaveLength(2);
});

it('ends a slow load however often something changes', async () => {
  const { loads, reloads } = held();
  reloads.now();
  for (let second = 0; second < 10; second += 1) {
    reloads.soon();
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(loads.map(({ abort }) => abort.aborted)).toEqual([false]);
});

it('loads no more than once each calm time for what changes', async () => {
  const { loads, reloads } = held();
  reloads.now();
  await loads[0]?.end();
  for (let each = 0; each < 20; each += 1) reloads.soon();
  await vi.advanceTimersByTimeAsync(999);
  expect(loads).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(loads).toHaveLength(2);
});

it('loads at once what a person asks for, and drops what is under way, hanging or not', async () => {
  const { loads, reloads } = held();
  reloads.now();
  reloads.soon();
  reloads.now();
  expect(loads.map(({ abort }) => abort.aborted)).toEqual([true, false]);
  await loads[0]?.end();
  await loads[1]?.end();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(loads).toHaveLength(2);
});

it('loads nothing after it stopped', async () => {
  const { loads, reloads } = held();
  reloads.now();
  reloads.soon();
  reloads.stop();
  expect(loads[0]?.abort.aborted).toBe(true);
  await loads[0]?.end();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(loads).toHaveLength(1);
});
