import type { ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { send, upgrade } from '../test/ask.ts';
import { listenOnLoopback, startOrigin, type OriginServer } from '../test/origin-server.ts';
import { createOutbound, type Outbound, type UpstreamOptions } from './outbound.ts';
import type { UpstreamDispatcher } from './upstream-dispatcher.ts';

const environment = { httpProxy: '', httpsProxy: '', noProxy: '' };
// Ample: a machine may be busy with other things.
vi.setConfig({ testTimeout: 60_000 });
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 30_000 });

const endings: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

function outbound(): Outbound {
  const created = createOutbound({ environment, forbidPrivate: false });
  endings.push(() => created.destroy());
  return created;
}

function upstream(origin: string, own: Partial<UpstreamOptions> = {}): UpstreamOptions {
  return {
    origin,
    proxyUrl: '',
    connectTimeoutMs: 5_000,
    idleTimeoutMs: 60_000,
    maxIdlePerHost: 50,
    maxIdleTotal: 100,
    ...own,
  };
}

/** Answers when it is told to. */
async function startHolding(): Promise<OriginServer & { held: ServerResponse[] }> {
  const held: ServerResponse[] = [];
  const origin = await startOrigin((_request, response) => held.push(response));
  endings.push(() => origin.close());
  return { ...origin, held };
}

async function startAnswering(): Promise<OriginServer> {
  const origin = await startOrigin((request, response) => response.end(request.url));
  endings.push(() => origin.close());
  return origin;
}

async function get(dispatcher: UpstreamDispatcher, path = '/'): Promise<string> {
  return (await send(dispatcher, { path })).text;
}

describe('connections to an upstream', () => {
  it('gives each running request its own connection, however few may be idle', async () => {
    const server = await startHolding();
    const dispatcher = outbound().dispatcher(upstream(server.origin, { maxIdlePerHost: 2 }));
    const answers = Array.from({ length: 20 }, () => get(dispatcher));
    await eventually(() => server.held.length).toBe(20);
    for (const response of server.held) response.end('done');
    expect(await Promise.all(answers)).toEqual(Array(20).fill('done'));
    await eventually(() => server.connections()).toBe(2);
  });

  it('uses an idle connection again', async () => {
    const server = await startAnswering();
    const all = outbound();
    const dispatcher = all.dispatcher(upstream(server.origin));
    for (const path of ['/1', '/2', '/3']) {
      expect(await get(dispatcher, path)).toBe(path);
      expect(all.counts()).toEqual({ open: 1, idle: 1 });
    }
    expect(server.connections()).toBe(1);
  });

  it('closes a connection that was idle too long', async () => {
    const server = await startAnswering();
    const all = outbound();
    await get(all.dispatcher(upstream(server.origin, { idleTimeoutMs: 50 })));
    await eventually(() => server.connections()).toBe(0);
    await eventually(() => all.counts()).toEqual({ open: 0, idle: 0 });
  });

  it('closes the longest idle connection when all upstreams together keep too many', async () => {
    const [first, second] = [await startAnswering(), await startAnswering()];
    const all = outbound();
    await get(all.dispatcher(upstream(first.origin, { maxIdleTotal: 1 })));
    await get(all.dispatcher(upstream(second.origin, { maxIdleTotal: 1 })));
    await eventually(() => first.connections()).toBe(0);
    expect(second.connections()).toBe(1);
  });

  it('opens another connection when the upstream closed the idle one', async () => {
    const server = await startOrigin((request, response) => {
      response.setHeader('connection', 'close');
      response.end(request.url);
    });
    endings.push(() => server.close());
    const dispatcher = outbound().dispatcher(upstream(server.origin));
    expect(await get(dispatcher, '/1')).toBe('/1');
    expect(await get(dispatcher, '/2')).toBe('/2');
    await eventually(() => server.connections()).toBe(0);
  });

  it('is the same for the same settings and another for others', async () => {
    const all = outbound();
    const one = all.dispatcher(upstream('http://127.0.0.1:1'));
    expect(all.dispatcher(upstream('http://127.0.0.1:1'))).toBe(one);
    expect(all.dispatcher(upstream('http://127.0.0.1:1', { idleTimeoutMs: 1 }))).not.toBe(one);
    expect(all.dispatcher(upstream('http://127.0.0.1:2'))).not.toBe(one);
  });

  it('frees the connection of an aborted request', async () => {
    const server = await startHolding();
    const all = outbound();
    const dispatcher = all.dispatcher(upstream(server.origin));
    const controllers = Array.from({ length: 50 }, () => new AbortController());
    const requests = controllers.map(({ signal }) =>
      send(dispatcher, { signal }).catch(() => 'aborted'),
    );
    await eventually(() => server.held.length).toBe(50);
    for (const controller of controllers) controller.abort();
    expect(new Set(await Promise.all(requests))).toEqual(new Set(['aborted']));
    await eventually(() => server.connections()).toBe(0);
    await eventually(() => all.counts()).toEqual({ open: 0, idle: 0 });
  });

  it('tells when the connection is refused, and keeps nothing of it', async () => {
    const { origin, close } = await startAnswering();
    await close();
    const all = outbound();
    await expect(get(all.dispatcher(upstream(origin)))).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    expect(all.counts()).toEqual({ open: 0, idle: 0 });
  });

  it('fails a malformed request and no other', async () => {
    const server = await startAnswering();
    const all = outbound();
    const dispatcher = all.dispatcher(upstream(server.origin));
    await expect(get(dispatcher, 'no-slash')).rejects.toThrow('path');
    expect(all.counts()).toEqual({ open: 0, idle: 0 });
    expect(await get(dispatcher, '/fine')).toBe('/fine');
    await eventually(() => all.counts()).toEqual({ open: 1, idle: 1 });
  });

  it('gives up a connection that takes too long, or that nobody waits for any more', async () => {
    // TLS to a server that never says a word.
    const silent = await startSilent();
    const all = outbound();
    const soon = all.dispatcher(upstream(silent.origin, { connectTimeoutMs: 50 }));
    await expect(get(soon)).rejects.toMatchObject({ code: 'CONNECT_TIMEOUT' });
    const never = all.dispatcher(upstream(silent.origin, { connectTimeoutMs: 600_000 }));
    const leaving = new AbortController();
    const left = send(never, { signal: leaving.signal });
    await eventually(() => silent.connections()).toBe(1);
    leaving.abort();
    await expect(left).rejects.toThrow('aborted');
    await eventually(() => silent.connections()).toBe(0);
    expect(all.counts()).toEqual({ open: 0, idle: 0 });
  });

  it('lets running requests end when it is closed, and takes no more', async () => {
    const server = await startHolding();
    const all = outbound();
    const dispatcher = all.dispatcher(upstream(server.origin));
    const running = get(dispatcher);
    await eventually(() => server.held.length).toBe(1);
    const closed = all.close();
    await expect(get(dispatcher)).rejects.toMatchObject({ code: 'CLOSED' });
    server.held[0]?.end('in time');
    expect(await running).toBe('in time');
    await closed;
    await eventually(() => server.connections()).toBe(0);
  });

  it('cuts running requests when it is destroyed', async () => {
    const server = await startHolding();
    const all = outbound();
    const running = get(all.dispatcher(upstream(server.origin)));
    const failure = running.catch((error: unknown) => error);
    await eventually(() => server.held.length).toBe(1);
    await all.destroy();
    expect(await failure).toMatchObject({ code: 'CLOSED' });
    await eventually(() => server.connections()).toBe(0);
  });

  it('leaves an upgraded connection to its new owner', async () => {
    const server = await startOrigin(() => undefined, {
      onServer: (http) =>
        http.on('upgrade', (_request, socket) => {
          socket.write(
            'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
          );
          socket.pipe(socket);
        }),
    });
    endings.push(() => server.close());
    const all = outbound();
    const dispatcher = all.dispatcher(upstream(server.origin));
    const socket = await upgrade(dispatcher);
    await eventually(() => all.counts()).toEqual({ open: 0, idle: 0 });
    const { promise, resolve } = Promise.withResolvers<string>();
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    socket.resume();
    socket.write('echo');
    expect(await promise).toBe('echo');
    socket.destroy();
  });
});

async function startSilent(): Promise<{ origin: string; connections: () => number }> {
  let open = 0;
  const server = createTcpServer((socket) => {
    open += 1;
    socket.on('error', () => socket.destroy());
    socket.resume();
    socket.once('close', () => {
      open -= 1;
    });
  });
  const port = await listenOnLoopback(server);
  endings.push(() => new Promise((resolve) => server.close(resolve)));
  return { origin: `https://127.0.0.1:${port}`, connections: () => open };
}
