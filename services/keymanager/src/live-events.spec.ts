import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createInProcessBus } from '@keymux/bus';
import type { Task } from '@keymux/contracts';
import { listen } from '@keymux/service';
import express from 'express';
import { afterEach, expect, it } from 'vitest';
import { createLiveEvents } from './live-events.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function serve() {
  const bus = createInProcessBus({
    deadLetters: { park: async () => {} },
    followerFailed: () => {},
  });
  const clock = { nowMs: 0, now: () => clock.nowMs };
  const admin = { kind: 'admin', actor: 'key', via: 'key' } as const;
  const live = createLiveEvents({ bus, auth: { verify: () => admin }, clock });
  await live.start();
  const app = express();
  app.get('/', (_req, res) => live.open(res, admin));
  const server = createServer(app);
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  const listening = await listen(server, { port: 0, host: '127.0.0.1', variable: 'PORT' });
  if (listening.kind === 'problem') throw new Error(listening.message);
  ends.push(async () => {
    await live.stop();
    server.closeAllConnections();
    server.close();
    await bus.close();
  });
  return { live, clock, sockets, port: listening.port };
}

const task = (id: string, state: Task['state'], processed = 0): Task => ({
  id,
  kind: 'import',
  group: 'g',
  state,
  processed,
  total: null,
  result: {},
  error: null,
  started_at: null,
  ended_at: null,
});

it('drops a client that does not read, and goes on telling the others', async () => {
  const { live, port, sockets } = await serve();
  const idle = connect(port, '127.0.0.1');
  idle.pause();
  idle.on('error', () => {});
  idle.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await expect.poll(() => sockets[0]?.bytesRead ?? 0).toBeGreaterThan(0);
  const reader = await fetch(`http://127.0.0.1:${port}/`);
  let heard = 0;
  const reading = (async () => {
    for await (const chunk of reader.body ?? []) heard += chunk.length;
  })();
  const big = { ...task('t', 'done'), result: { text: 'x'.repeat(100_000) } };
  const dropped = () => sockets[0]?.destroyed === true;
  // What the system buffers for a client that does not read is some megabytes.
  for (let sent = 1; !dropped() && sent < 2_000; sent += 1) {
    live.taskChanged(big);
    while (heard < sent * 100_000) await nextTurn();
  }
  expect(dropped()).toBe(true);
  idle.destroy();
  await live.stop();
  await reading;
});

it('tells of the progress of a task now and then, and always of its end', async () => {
  const { live, clock, port } = await serve();
  const response = await fetch(`http://127.0.0.1:${port}/`);
  live.taskChanged(task('t', 'running', 1));
  live.taskChanged(task('t', 'running', 2));
  clock.nowMs = 200;
  live.taskChanged(task('t', 'running', 3));
  live.taskChanged(task('t', 'done', 4));
  await live.stop();
  const text = await response.text();
  expect([...text.matchAll(/"processed":(\d)/g)].map((match) => match[1])).toEqual(['1', '3', '4']);
  expect(text).toMatch(/^retry: 2000\n\nevent: task\ndata: \{/);
});
