import { createServer } from 'node:http';
import express from 'express';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Identity } from './admin-auth.ts';
import { EventStreams } from './event-streams.ts';
import { listen } from './listen.ts';

const ended = new Set<string>();
const auth = {
  verify: ({ cookie: sessionId = '' }: { cookie?: string | undefined }): Identity =>
    ended.has(sessionId)
      ? { kind: 'anonymous' }
      : { kind: 'admin', actor: sessionId, via: 'session', sessionId, expiresAt: 1 },
};
const streams = new EventStreams<string>({ auth });
const app = express();
app.get('/', (req, res) => streams.open(res, auth.verify(req.headers), req.headers.cookie ?? ''));
const server = createServer(app);
let url = '';

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  ended.clear();
  streams.start();
  const listening = await listen(server, { port: 0, host: '127.0.0.1', variable: 'PORT' });
  if (listening.kind === 'problem') throw new Error(listening.message);
  url = `http://127.0.0.1:${listening.port}/`;
});
afterEach(async () => {
  streams.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  vi.useRealTimers();
});

const open = (cookie: string) => fetch(url, { headers: { cookie } });

it('tells each who listens what is for them, past proxies that keep answers back', async () => {
  const [one, other] = [await open('one'), await open('other')];
  expect(Object.fromEntries(one.headers)).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  streams.send((about) => (about === 'one' ? 'event: a\n\n' : null));
  streams.send(() => 'event: b\n\n');
  streams.stop();
  expect(await one.text()).toBe('retry: 2000\n\nevent: a\n\nevent: b\n\n');
  expect(await other.text()).toBe('retry: 2000\n\nevent: b\n\n');
});

it('ends at a heartbeat for a session that is over by then', async () => {
  const [one, other] = [await open('one'), await open('other')];
  ended.add('one');
  vi.advanceTimersByTime(15_000);
  expect(await one.text()).toBe('retry: 2000\n\n');
  streams.stop();
  expect(await other.text()).toBe('retry: 2000\n\nevent: beat\ndata: {}\n\n');
});

it('ends the streams of one session at once', async () => {
  const all = [await open('one'), await open('one'), await open('other')];
  streams.endSession('one');
  expect(await all[0]?.text()).toBe('retry: 2000\n\n');
  expect(await all[1]?.text()).toBe('retry: 2000\n\n');
  await expect.poll(() => streams.isEmpty).toBe(false);
  streams.stop();
  expect(await all[2]?.text()).toBe('retry: 2000\n\n');
});

it('forgets who left, and answers a HEAD with nothing more', async () => {
  const leave = new AbortController();
  await fetch(url, { signal: leave.signal });
  expect(streams.isEmpty).toBe(false);
  leave.abort();
  await expect.poll(() => streams.isEmpty).toBe(true);
  expect(await (await fetch(url, { method: 'HEAD' })).text()).toBe('');
  expect(streams.isEmpty).toBe(true);
});
