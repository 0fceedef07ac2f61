import { createServer } from 'node:http';
import { createLogger, type Identity, listen } from '@keymux/service';
import express from 'express';
import { afterEach, expect, it, vi } from 'vitest';
import { LiveTail } from './live-tail.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  vi.useRealTimers();
});

/** A tail that is watched over HTTP; `may` says who may, and whether the bus can be followed. */
async function serve(may: { watch: boolean; follow: boolean }) {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  let following = 0;
  const tail = new LiveTail({
    follow: async () => {
      if (!may.follow) throw new Error('the bus is away');
      following += 1;
      return { stop: async () => void (following -= 1) };
    },
    auth: {
      verify: (): Identity =>
        may.watch ? { kind: 'admin', actor: 'key', via: 'key' } : { kind: 'anonymous' },
    },
    log: createLogger({ service: 'test', level: 'silent', format: 'json' }),
  });
  tail.start();
  const app = express();
  app.get('/', (_req, res) => tail.watch(res, { kind: 'admin', actor: 'key', via: 'key' }, {}));
  const server = createServer(app);
  const listening = await listen(server, { port: 0, host: '127.0.0.1', variable: 'PORT' });
  if (listening.kind === 'problem') throw new Error(listening.message);
  ends.push(async () => {
    await tail.stop();
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${listening.port}/`, following: () => following };
}

it('ends for who has signed out, and then listens to the bus no more', async () => {
  const may = { watch: true, follow: true };
  const { url, following } = await serve(may);
  const answer = await fetch(url);
  expect(following()).toBe(1);
  may.watch = false;
  vi.advanceTimersByTime(15_000);
  expect(await answer.text()).toBe('retry: 2000\n\n');
  await expect.poll(following).toBe(0);
});

it('lets go who wants to watch while the bus cannot be followed, and watches when it can', async () => {
  const may = { watch: true, follow: false };
  const { url, following } = await serve(may);
  await expect(fetch(url)).rejects.toThrow();
  may.follow = true;
  expect((await fetch(url)).status).toBe(200);
  expect(following()).toBe(1);
});
