import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { createInProcessBus, type Message } from '@keymux/bus';
import { createNats } from '@keymux/bus/nats';
import { startNats } from '@keymux/parts/nats';
import { createLogger, systemClock } from '@keymux/service';
import { afterEach, describe, expect, it } from 'vitest';
import { Outbox } from './outbox.ts';
import { Spool } from './spool.ts';
import type { RowLine } from './spool-line.ts';

const directories: string[] = [];

afterEach(() => {
  for (const directory of directories.splice(0)) fs.rmSync(directory, { recursive: true });
});

const row = (id: string): RowLine => ({
  kind: 'row',
  group: 'g',
  keyId: 'k',
  requestId: id,
  time: 't',
  json: `{"request_id":"${id}"}`,
});

async function start() {
  const directory = fs.mkdtempSync(join(tmpdir(), 'keymux-outbox-'));
  directories.push(directory);
  const bus = createInProcessBus({
    deadLetters: { park: () => Promise.resolve() },
    followerFailed: (error) => {
      throw error;
    },
  });
  const heard: Message[] = [];
  for (const stream of ['KEY_OUTCOMES', 'REQUEST_LOGS'] as const) {
    await bus.consume(stream, { durable: stream }, async (message) => {
      heard.push(message);
      return 'ack';
    });
  }
  const open = () =>
    new Outbox({
      spool: new Spool({ directory, limitBytes: 1024 * 1024 }),
      bus,
      clock: systemClock,
      log: createLogger({ service: 'test', level: 'error', format: 'text' }),
      source: 'test',
    });
  const onDisk = () =>
    fs
      .readdirSync(directory)
      .filter((name) => name.endsWith('.spool'))
      .map((name) => fs.readFileSync(join(directory, name), 'utf8'))
      .join('');
  return { outbox: open(), open, onDisk, heard };
}

describe('the outbox', () => {
  it('writes the rows of one turn together and then tells who awaits them', async () => {
    const { outbox, onDisk } = await start();
    const seen: string[] = [];
    for (const id of ['1', '2']) outbox.row(row(id), { written: () => seen.push(onDisk()) });
    expect([onDisk(), seen]).toEqual(['', []]);
    await setImmediate();
    expect(seen).toHaveLength(2);
    for (const text of seen) expect(text.split('\n').slice(0, -1)).toHaveLength(2);
    await outbox.stop(0);
  });

  it('writes a row that nobody awaits at once, after those that wait', async () => {
    const { outbox, onDisk } = await start();
    let told = false;
    outbox.row(row('1'), { written: () => (told = true) });
    outbox.row(row('2'));
    expect(told).toBe(true);
    expect(onDisk().indexOf('"1"')).toBeLessThan(onDisk().indexOf('"2"'));
    await outbox.stop(0);
  });

  it('tells who awaits a row also when it cannot be kept', async () => {
    const { outbox, onDisk } = await start();
    await outbox.stop(0);
    let told = false;
    outbox.row({ ...row('1'), json: 'x'.repeat(2 * 1024 * 1024) });
    outbox.row(row('2'), { written: () => (told = true) });
    await setImmediate();
    expect([told, outbox.dropped > 0 || onDisk().includes('"2"')]).toEqual([true, true]);
  });

  it('publishes what another start left and what came since, each once', async () => {
    const { outbox, open, heard } = await start();
    outbox.row(row('1'));
    outbox.row(row('2'));
    const after = open();
    after.start();
    after.row(row('3'));
    await after.stop(5_000);
    const rows = heard
      .filter(({ type }) => type === 'keymux.log.requests')
      .map(({ data }) => JSON.stringify(data));
    for (const id of ['1', '2', '3']) {
      expect(rows.filter((text) => text.includes(`\\"${id}\\"`))).toHaveLength(1);
    }
    const counted = heard
      .filter(({ type }) => type === 'keymux.key.outcomes')
      .flatMap(({ data }) => [...JSON.stringify(data).matchAll(/"count":(\d+)/g)])
      .reduce((sum, [, count]) => sum + Number(count), 0);
    expect(counted).toBe(3);
  });

  it('holds no more than a batch in memory while the bus takes nothing, and brings all of it later', async () => {
    const bus = createInProcessBus({
      deadLetters: { park: () => Promise.resolve() },
      followerFailed: (error) => {
        throw error;
      },
    });
    const { promise: taken, resolve: take } = Promise.withResolvers<void>();
    let heard = 0;
    await bus.consume('KEY_OUTCOMES', { durable: 'test' }, async () => 'ack');
    await bus.consume('REQUEST_LOGS', { durable: 'test' }, async ({ data }) => {
      await taken;
      heard += Number((data as { count: number }).count);
      return 'ack';
    });
    const directory = fs.mkdtempSync(join(tmpdir(), 'keymux-outbox-'));
    directories.push(directory);
    const spool = new Spool({ directory, limitBytes: 256 * 1024 * 1024 });
    const log = createLogger({ service: 'test', level: 'error', format: 'text' });
    const outbox = new Outbox({ spool, bus, clock: systemClock, log, source: 'test' });
    outbox.start();
    const rows = 600;
    let most = 0;
    for (let at = 0; at < rows; at += 1) {
      const json = `{"request_id":"${at}","error":"${'x'.repeat(100_000)}"}`;
      outbox.row({ ...row(`${at}`), json }, { written: () => undefined });
      await setImmediate();
      most = Math.max(most, outbox.heldBytes);
    }
    expect(outbox.waitingBytes).toBeGreaterThan(rows * 100_000);
    expect(most).toBeLessThan(8 * 1024 * 1024);
    take();
    await expect.poll(() => outbox.waitingBytes, { timeout: 30_000 }).toBe(0);
    expect(heard).toBe(rows);
    await outbox.stop(0);
    await bus.close();
  });

  it('says once that the bus takes nothing, however much waits, and once that it has all', async () => {
    const nats = await startNats();
    const told: string[] = [];
    const write = (line: string): void => void told.push(line);
    const log = createLogger({ service: 'test', level: 'info', format: 'json', write });
    const silent = createLogger({ service: 'test', level: 'silent', format: 'json' });
    const { url } = nats;
    const link = createNats({ url, name: 'test', replicas: 1, clock: systemClock, log: silent });
    await link.service.start();
    const directory = fs.mkdtempSync(join(tmpdir(), 'keymux-outbox-'));
    directories.push(directory);
    const spool = new Spool({ directory, limitBytes: 1024 * 1024 });
    const outbox = new Outbox({ spool, bus: link.bus, clock: systemClock, log, source: 'test' });
    outbox.start();
    await nats.kill('SIGKILL');
    const ids = Array.from({ length: 6 }, (_, at) => `${at}`);
    for (const id of ids) {
      outbox.row(row(id));
      // A batch each.
      await setTimeout(300);
    }
    expect(told).toHaveLength(2);
    for (const stream of ['KEY_OUTCOMES', 'REQUEST_LOGS']) {
      expect(told.join('')).toMatch(new RegExp(`"why":"NATS is away","stream":"${stream}"`));
    }
    expect(outbox.waitingBytes).toBeGreaterThan(0);
    told.length = 0;
    await nats.restart();
    await expect.poll(() => outbox.waitingBytes, { timeout: 30_000 }).toBe(0);
    await expect.poll(() => told.length).toBe(2);
    expect(told.join('')).toMatch(/has taken every batch(.|\n)*has taken every batch/);
    const heard: string[] = [];
    await link.bus.consume('REQUEST_LOGS', { durable: 'test' }, async ({ data }) => {
      heard.push(JSON.stringify(data));
      return 'ack';
    });
    await expect.poll(() => heard.length, { timeout: 30_000 }).toBe(ids.length);
    for (const id of ids) expect(heard.join('')).toContain(`\\"${id}\\"`);
    await outbox.stop(0);
    await link.service.stop();
    await nats.stop();
  });
});
