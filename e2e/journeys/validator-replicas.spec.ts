import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Part } from '@keymux/parts/part';
import { startRedis } from '@keymux/parts/redis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Simulator, startSimulator } from '../provider-simulator/simulator.ts';

// Ample: a machine may be busy with other things.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 60_000, interval: 20 });
const program = fileURLToPath(new URL('../../services/validator/test/replica.ts', import.meta.url));

let provider: Simulator;
let redis: Part;
const replicas = new Map<string, ChildProcess>();
beforeEach(async () => {
  redis = await startRedis();
  provider = await startSimulator();
  provider.script({ answer: { kind: 'usual', beforeHeadersMs: 30 } });
});
afterEach(async () => {
  for (const each of replicas.values()) each.kill('SIGKILL');
  replicas.clear();
  await provider.close();
  await redis.stop();
});

/** Probes of each replica so far. */
const probesOf = (name: string) =>
  provider.hits.filter(({ url }) => url.startsWith(`/${name}/`)).length;
const names = ['one', 'two'];

function startReplica(name: string): void {
  const args = [program, name, redis.url, provider.url];
  replicas.set(name, spawn(process.execPath, args, { stdio: 'ignore' }));
}

/** The replica that probes, and the other one. */
async function untilOneProbes(): Promise<[active: string, other: string]> {
  await eventually(() => names.some((name) => probesOf(name) > 0)).toBe(true);
  return probesOf('one') > 0 ? ['one', 'two'] : ['two', 'one'];
}

describe('two validators', () => {
  it('let one of them keep the schedule, and the other take over within 15 s of its death', async () => {
    for (const name of names) startReplica(name);
    const [active, other] = await untilOneProbes();
    const before = probesOf(active);
    await eventually(() => probesOf(active) > before + 20).toBe(true);
    expect(probesOf(other)).toBe(0);
    const killedMs = performance.now();
    replicas.get(active)?.kill('SIGKILL');
    await eventually(() => probesOf(other) > 0).toBe(true);
    expect(performance.now() - killedMs).toBeLessThan(15_000);
  });

  it('never probe together: one that hung stops when it comes back and another has the lease', async () => {
    for (const name of names) startReplica(name);
    const [active, other] = await untilOneProbes();
    replicas.get(active)?.kill('SIGSTOP');
    await eventually(() => probesOf(other) > 0).toBe(true);
    replicas.get(active)?.kill('SIGCONT');
    // What it had begun may end; then it is the other one's turn alone.
    const mark = probesOf(other);
    await eventually(() => probesOf(other) > mark + 20).toBe(true);
    const late = probesOf(active);
    await eventually(() => probesOf(other) > mark + 60).toBe(true);
    expect(probesOf(active)).toBe(late);
  });

  it('stop their rounds when the server that gives the lease is gone', async () => {
    startReplica('one');
    await eventually(() => probesOf('one') > 10).toBe(true);
    await redis.kill('SIGKILL');
    // Its lease ends within 10 s; from then on nothing is probed.
    let last = -1;
    while (last !== probesOf('one')) {
      last = probesOf('one');
      await pause(3_000);
    }
    await redis.restart();
    await eventually(() => probesOf('one') > last).toBe(true);
  });
});
