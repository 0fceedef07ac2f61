import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EventSource } from 'undici';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type EventStream, reconnecting } from './reconnecting.ts';

/** Streams that are open, oldest first, and the status of the next. */
const clients: ServerResponse[] = [];
let status = 200;
const server = createServer((_req, res) => {
  res.writeHead(status, { 'content-type': status === 200 ? 'text/event-stream' : 'text/plain' });
  if (status !== 200) return void res.end('away');
  clients.push(res);
  res.write('retry: 10\n\n');
});
let stream: EventStream | undefined;

const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
function show(visibilityState: 'visible' | 'hidden'): void {
  page.visibilityState = visibilityState;
  page.dispatchEvent(new Event('visibilitychange'));
}

beforeAll(async () => {
  vi.stubGlobal('document', page);
  vi.stubGlobal('EventSource', EventSource);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  stream?.close();
  vi.useRealTimers();
  for (const each of clients.splice(0)) each.destroy();
  status = 200;
  page.visibilityState = 'visible';
});
afterAll(() => {
  vi.unstubAllGlobals();
  server.closeAllConnections();
  server.close();
});

function listen() {
  const heard: unknown[] = [];
  const { port } = server.address() as AddressInfo;
  stream = reconnecting(`http://127.0.0.1:${port}/`, {
    events: { told: (data) => heard.push(data) },
    opened: () => heard.push('opened'),
    lost: () => heard.push('lost'),
    left: () => heard.push('left'),
  });
  return heard;
}

const soon = { timeout: 30_000 };

it('says that it opened each time it did, and goes on hearing', async () => {
  const heard = listen();
  await vi.waitFor(() => expect(heard).toEqual(['opened']), soon);
  clients[0]?.end();
  await vi.waitFor(() => expect(heard).toEqual(['opened', 'lost', 'opened']), soon);
  clients[1]?.write('event: told\ndata: {"n":1}\n\n');
  await vi.waitFor(() => expect(heard.at(-1)).toEqual({ n: 1 }), soon);
});

it('opens again after an answer that is no stream', async () => {
  status = 502;
  const heard = listen();
  await vi.waitFor(() => expect(heard).toEqual(['lost']), soon);
  status = 200;
  await vi.waitFor(() => expect(heard).toEqual(['lost', 'opened']), soon);
});

it('opens again when a stream is silent, but not while it beats', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const heard = listen();
  const settled = async (shown: unknown[]) => {
    while (heard.length < shown.length) await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual(shown);
  };
  await settled(['opened']);
  vi.advanceTimersByTime(44_000);
  clients[0]?.write('event: beat\ndata: {}\n\nevent: told\ndata: 1\n\n');
  await settled(['opened', 1]);
  vi.advanceTimersByTime(44_000);
  expect(clients).toHaveLength(1);
  vi.advanceTimersByTime(1_000);
  await settled(['opened', 1, 'opened']);
});

it('leaves its connection to others while nobody looks, and comes back then', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  page.visibilityState = 'hidden';
  const heard = listen();
  vi.advanceTimersByTime(60_000);
  expect(clients).toHaveLength(0);
  const settled = async (shown: unknown[]) => {
    while (heard.length < shown.length) await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual(shown);
  };
  show('visible');
  await settled(['opened']);
  show('hidden');
  vi.advanceTimersByTime(9_000);
  show('visible');
  vi.advanceTimersByTime(9_000);
  expect(heard).toEqual(['opened']);
  show('hidden');
  vi.advanceTimersByTime(10_000);
  expect(heard).toEqual(['opened', 'left']);
  vi.advanceTimersByTime(60_000);
  show('visible');
  await settled(['opened', 'left', 'opened']);
});
