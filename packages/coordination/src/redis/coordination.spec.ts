import { setDefaultCACertificates, getCACertificates } from 'node:tls';
import { createLogger } from '@keymux/service';
import { startRedis } from '@keymux/parts/redis';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loopbackCertificate, loopbackKey } from '../../../outbound/test/loopback-certificate.ts';
import type { Coordination } from '../coordination.ts';
import { LeaseHolder } from '../lease-holder.ts';
import { createRedisCoordination } from './coordination.ts';

// Ample: a machine may be busy with other things.
vi.setConfig({ testTimeout: 60_000 });
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 30_000, interval: 20 });

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function server(options: Parameters<typeof startRedis>[0] = {}) {
  const started = await startRedis(options);
  endings.push(() => started.stop());
  return started;
}

/** An instance and the lines it logged. */
function instance(dsn: string): { all: Coordination; lines: string[] } {
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  const log = createLogger({ service: 'test', level: 'info', format: 'text', write });
  const all = createRedisCoordination({ dsn, log });
  endings.push(() => all.stop());
  return { all, lines };
}

let uses = 0;
async function grantsOf(each: Coordination, times: number, perMinute: number): Promise<number> {
  let granted = 0;
  for (let at = 0; at < times; at += 1) {
    const allowance = { perMinute, atOnce: 0 };
    const request = { space: 'space', names: ['key'], allowance, use: `use-${(uses += 1)}` };
    if ((await each.limits.take(request)).granted !== null) granted += 1;
  }
  return granted;
}

const withText = (lines: readonly string[], text: string) =>
  lines.filter((line) => line.includes(text));

describe('instances that share a Redis server', () => {
  it('go on by themselves when it is killed, say so once, and share again when it is back', async () => {
    const redis = await server();
    const [one, other] = [instance(redis.url), instance(redis.url)];
    await Promise.all([one.all.start(), other.all.start()]);
    expect(one.all.shared).toBe(true);
    expect(await grantsOf(one.all, 4, 10)).toBe(4);
    await redis.kill('SIGKILL');
    // What an instance gave before counts on; what the other gave it can no longer know.
    expect(await grantsOf(one.all, 20, 10)).toBe(6);
    expect(await grantsOf(other.all, 20, 10)).toBe(10);
    expect(one.all.shared).toBe(false);
    await redis.restart();
    await eventually(() => one.all.shared && other.all.shared).toBe(true);
    // The server has lost its counts, the instances have not.
    expect(await grantsOf(one.all, 20, 12)).toBe(2);
    expect(await grantsOf(other.all, 20, 13)).toBe(3);
    expect(await grantsOf(one.all, 20, 14)).toBe(2);
    expect(withText(one.lines, 'counts limits on its own')).toHaveLength(1);
    expect(withText(one.lines, 'Redis answers')).toHaveLength(2);
  });

  it('wait for a server that hangs a moment only, and only once', async () => {
    const redis = await server();
    const { all, lines } = instance(redis.url);
    await all.start();
    expect(await grantsOf(all, 5, 1_000)).toBe(5);
    await redis.kill('SIGSTOP');
    const hungMs = performance.now();
    expect(await grantsOf(all, 200, 1_000)).toBe(200);
    // 200 waits of half a second would be 100 s.
    expect(performance.now() - hungMs).toBeLessThan(10_000);
    expect(all.shared).toBe(false);
    await redis.kill('SIGCONT');
    await eventually(() => all.shared).toBe(true);
    expect(withText(lines, 'no answer within 500 ms')).toHaveLength(1);
  });

  it('notice a server that hangs even when nobody asks for anything', async () => {
    const redis = await server();
    const { all } = instance(redis.url);
    await all.start();
    await redis.kill('SIGSTOP');
    await eventually(() => all.shared).toBe(false);
  });

  it('start without a server, say so in one line, and share when it comes', async () => {
    const redis = await server();
    await redis.kill('SIGKILL');
    const { all, lines } = instance(redis.url);
    await all.start();
    expect(all.shared).toBe(false);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/WARN.*Redis cannot be reached \(.*ECONNREFUSED/);
    expect(await grantsOf(all, 20, 10)).toBe(10);
    await redis.restart();
    await eventually(() => all.shared).toBe(true);
    expect(lines).toHaveLength(2);
  });

  it('start with the credentials of the address, over TLS', async () => {
    setDefaultCACertificates([...getCACertificates(), loopbackCertificate]);
    const tls = { certificate: loopbackCertificate, key: loopbackKey };
    const redis = await server({ user: 'keymux', password: 'pa55', tls });
    const { all } = instance(redis.url);
    await all.start();
    expect(all.shared).toBe(true);
    expect(await grantsOf(all, 3, 2)).toBe(2);
  });

  it('do not start with wrong credentials, nor with none where some are needed', async () => {
    const redis = await server({ password: 'right' });
    for (const credentials of [':wrong@', 'nobody:right@', '']) {
      const { all, lines } = instance(`redis://${credentials}127.0.0.1:${redis.port}`);
      await expect(all.start()).rejects.toThrow(/^REDIS_DSN: the server says (WRONGPASS|NOAUTH)/);
      expect(lines).toEqual([]);
    }
  });

  it('do not start with a database that the server has not', async () => {
    const redis = await server();
    const { all } = instance(`redis://127.0.0.1:${redis.port}/99`);
    await expect(all.start()).rejects.toThrow('REDIS_DSN: the server says ERR DB index');
  });

  it('count on when the server is full, and say why', async () => {
    const redis = await server();
    const { all, lines } = instance(redis.url);
    await all.start();
    const admin = new Redis(redis.url);
    endings.push(() => Promise.resolve(admin.disconnect()));
    await admin.config('SET', 'maxmemory', '1');
    await eventually(() => all.shared).toBe(false);
    expect(await grantsOf(all, 20, 10)).toBe(10);
    expect(withText(lines, 'OOM')).toHaveLength(1);
    await admin.config('SET', 'maxmemory', '0');
    await eventually(() => all.shared).toBe(true);
  });
});

describe('a lease in Redis', () => {
  it('goes to another instance when its holder hangs, whose own clock tells it so', async () => {
    const redis = await server();
    const [one, other] = [instance(redis.url), instance(redis.url)];
    await Promise.all([one.all.start(), other.all.start()]);
    const lost: string[] = [];
    const hold = ({ all, lines }: typeof one, name: string) => {
      const write = (line: string) => lines.push(line);
      const log = createLogger({ service: 'test', level: 'info', format: 'text', write });
      const holder = new LeaseHolder({
        leases: all.leases,
        name: 'schedule',
        log,
        ttlMs: 1_000,
        gained: (signal) => signal.addEventListener('abort', () => lost.push(name)),
      });
      endings.push(() => holder.stop());
      holder.start();
      return holder;
    };
    const first = hold(one, 'one');
    await eventually(() => first.held).toBe(true);
    const second = hold(other, 'other');
    // The server hangs for both: the right ends with its time, for whoever had it.
    await redis.kill('SIGSTOP');
    await eventually(() => first.held).toBe(false);
    expect(lost).toEqual(['one']);
    await redis.kill('SIGCONT');
    await eventually(() => first.held || second.held).toBe(true);
    expect(first.held && second.held).toBe(false);
    // The holder's own connection ends: the other one has it within its time.
    const holder = first.held ? one : other;
    await holder.all.stop();
    await eventually(() => (holder === one ? second : first).held).toBe(true);
  });
});
