import { createInProcessCalls } from '@keymux/bus';
import { createLogger } from '@keymux/service';
import { expect, it, vi } from 'vitest';
import { createInProcessLimits } from '../in-process/limits.ts';
import { limitsConformance } from '../limits.conformance.ts';
import { answerLimits, createLimitsOverCalls } from './limits.ts';

vi.setConfig({ testTimeout: 60_000 });
const lines: string[] = [];
const log = createLogger({
  service: 'test',
  level: 'info',
  format: 'text',
  write: (line) => lines.push(line),
});

limitsConformance('limits over calls', async (times) => {
  const calls = createInProcessCalls();
  const answering = answerLimits({ calls, limits: createInProcessLimits(times) });
  // Patient: the machine may be busy with other tests.
  const patient = { calls, log, answerMs: 20_000, ...times };
  const all = Array.from({ length: 3 }, () => createLimitsOverCalls(patient));
  await Promise.all(all.map((each) => each.start()));
  return {
    instances: all.map((each) => each.limits),
    async close() {
      await Promise.all(all.map((each) => each.stop()));
      await answering.stop();
      await calls.close();
    },
  };
});

it('counts alone while nobody answers, and waits for that once', async () => {
  const calls = createInProcessCalls();
  let hangs = false;
  const limits = createInProcessLimits();
  const answering = answerLimits({
    calls,
    limits: {
      ...limits,
      take: (request) => (hangs ? new Promise(() => undefined) : limits.take(request)),
    },
  });
  const alone = createLimitsOverCalls({ calls, log });
  await alone.start();
  hangs = true;
  const allowance = { perMinute: 5, atOnce: 0 };
  const startMs = performance.now();
  let granted = 0;
  for (let at = 0; at < 20; at += 1) {
    const request = { space: 's', names: ['n'], allowance, use: `${at}` };
    if ((await alone.limits.take(request)).granted !== null) granted += 1;
  }
  expect(granted).toBe(5);
  expect(performance.now() - startMs).toBeLessThan(10_000);
  expect(alone.shared).toBe(false);
  expect(lines.filter((line) => line.includes('counts alone'))).toHaveLength(1);
  await alone.stop();
  await answering.stop();
  await calls.close();
});

it('refuses what it cannot read', async () => {
  const calls = createInProcessCalls();
  const answering = answerLimits({ calls, limits: createInProcessLimits() });
  await expect(calls.call('limits.take', { space: 1 })).rejects.toThrow('unreadable');
  await expect(calls.call('limits.end', 'x')).rejects.toThrow('unreadable');
  await answering.stop();
  await calls.close();
});

it('says in one line when nobody answers at its start', async () => {
  lines.length = 0;
  const calls = createInProcessCalls();
  const all = createLimitsOverCalls({ calls, log });
  await all.start();
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/WARN .*no REDIS_DSN.*counts them alone\n$/);
  await all.stop();
  await calls.close();
});
