import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startRedis } from '@keymux/parts/redis';
import { describe, expect, it, type TestContext, vi } from 'vitest';
import { startSimulator } from '../provider-simulator/simulator.ts';

// Ample: a machine may be busy with other things.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
const until = (isSo: () => boolean) => vi.waitUntil(isSo, { timeout: 60_000, interval: 20 });
const program = fileURLToPath(new URL('../../services/validator/test/replica.ts', import.meta.url));

const names = ['one', 'two'] as const;
type Name = (typeof names)[number];

/** Replicas with a server of leases and a provider of their own. */
async function replicasOfTheirOwn({ onTestFinished }: TestContext) {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const provider = await startSimulator();
  onTestFinished(() => provider.close());
  provider.script({ answer: { kind: 'usual', beforeHeadersMs: 30 } });
  const replicas = new Map<Name, ChildProcess>();
  onTestFinished(() => {
    for (const each of replicas.values()) each.kill('SIGKILL');
  });
  /** Probes of a replica so far. */
  const probesOf = (name: Name) =>
    provider.hits.filter(({ url }) => url.startsWith(`/${name}/`)).length;
  return {
    redis,
    probesOf,
    start(name: Name): void {
      const args = [program, name, redis.url, provider.url];
      replicas.set(name, spawn(process.execPath, args, { stdio: 'ignore' }));
    },
    kill: (name: Name, signal: NodeJS.Signals) => replicas.get(name)?.kill(signal),
    /** The replica that probes, and the other one. */
    async untilOneProbes(): Promise<[active: Name, other: Name]> {
      await until(() => names.some((name) => probesOf(name) > 0));
      return probesOf('one') > 0 ? ['one', 'two'] : ['two', 'one'];
    },
  };
}

// Most of the time they wait for leases to end.
describe.concurrent('two validators', () => {
  it('let one of them keep the schedule, and the other take over within 15 s of its death', async (test) => {
    const { start, kill, probesOf, untilOneProbes } = await replicasOfTheirOwn(test);
    for (const name of names) start(name);
    const [active, other] = await untilOneProbes();
    const before = probesOf(active);
    await until(() => probesOf(active) > before + 20);
    expect(probesOf(other)).toBe(0);
    const killedMs = performance.now();
    kill(active, 'SIGKILL');
    await until(() => probesOf(other) > 0);
    expect(performance.now() - killedMs).toBeLessThan(15_000);
  });

  it('never probe together: one that hung stops when it comes back and another has the lease', async (test) => {
    const { start, kill, probesOf, untilOneProbes } = await replicasOfTheirOwn(test);
    for (const name of names) start(name);
    const [active, other] = await untilOneProbes();
    kill(active, 'SIGSTOP');
    await until(() => probesOf(other) > 0);
    kill(active, 'SIGCONT');
    // What it had begun may end; then it is the other one's turn alone.
    const mark = probesOf(other);
    await until(() => probesOf(other) > mark + 20);
    const late = probesOf(active);
    await until(() => probesOf(other) > mark + 60);
    expect(probesOf(active)).toBe(late);
  });

  it('stop their rounds when the server that gives the lease is gone', async (test) => {
    const { redis, start, probesOf } = await replicasOfTheirOwn(test);
    start('one');
    await until(() => probesOf('one') > 10);
    await redis.kill('SIGKILL');
    // Its lease ends within 10 s; from then on nothing is probed.
    let last = -1;
    while (last !== probesOf('one')) {
      last = probesOf('one');
      await pause(3_000);
    }
    await redis.restart();
    await until(() => probesOf('one') > last);
  });
});
