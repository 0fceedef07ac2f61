import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { outboundWith, send, through } from '../../test/ask.ts';
import { listenOnLoopback, startOrigin } from '../../test/origin-server.ts';
import type { Outbound } from '../outbound.ts';
import type { UpstreamDispatcher } from '../upstream-dispatcher.ts';

// Ample: a machine may be busy with other things.
vi.setConfig({ testTimeout: 60_000 });
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 30_000 });

const endings: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

interface Upstream {
  readonly all: Outbound;
  readonly dispatcher: UpstreamDispatcher;
  /** What came over each connection, in the order in which they were opened. */
  readonly received: string[];
  readonly sockets: Socket[];
}

/** An upstream that is only a socket: `talk` says what it does with a connection. */
async function upstreamThat(talk: (socket: Socket) => void): Promise<Upstream> {
  const received: string[] = [];
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    const at = received.push('') - 1;
    sockets.push(socket);
    socket.on('data', (chunk) => {
      received[at] += chunk.toString('latin1');
    });
    socket.on('error', () => socket.destroy());
    talk(socket);
  });
  const port = await listenOnLoopback(server);
  endings.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const all = outboundWith();
  endings.push(() => all.destroy());
  return { all, dispatcher: through(all, `http://127.0.0.1:${port}`), received, sockets };
}

const answering =
  (answer: string) =>
  (socket: Socket): void =>
    void socket.on('data', () => socket.write(answer));
const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('a request', () => {
  it('is written with its host and its framing, all else as it was given', async () => {
    const { dispatcher, received } = await upstreamThat(answering(ok));
    const headers = ['X-One', '1', 'x-one', 'ÿ'];
    await send(dispatcher, { method: 'POST', path: '/a?b=%2F', headers, body: Buffer.from('hi') });
    expect(received[0]?.replace(/127\.0\.0\.1:\d+/, 'HOST')).toBe(
      'POST /a?b=%2F HTTP/1.1\r\nhost: HOST\r\nconnection: keep-alive\r\n' +
        'X-One: 1\r\nx-one: ÿ\r\ncontent-length: 2\r\n\r\nhi',
    );
  });

  it('says that it has no body where one is expected', async () => {
    const { dispatcher, received } = await upstreamThat(answering(ok));
    await send(dispatcher, { method: 'POST' });
    expect(received[0]).toContain('\r\ncontent-length: 0\r\n\r\n');
    await send(dispatcher, { method: 'DELETE' });
    expect(received[0]?.split('DELETE')[1]).not.toContain('content-length');
  });

  it('goes to the host that it names', async () => {
    const { dispatcher, received } = await upstreamThat(answering(ok));
    await send(dispatcher, { headers: ['Host', 'other.example'] });
    expect(received[0]?.match(/host: .*/gi)).toEqual(['Host: other.example']);
  });

  it('sends a stream in chunks, or whole where its length is known', async () => {
    const { dispatcher, received } = await upstreamThat((socket) => {
      let all = '';
      socket.on('data', (chunk) => {
        all += chunk.toString();
        if (!/0\r\n\r\n$|ab$/.test(all)) return;
        all = '';
        socket.write(ok);
      });
    });
    const body = () => Readable.from([Buffer.from('a'), Buffer.from('b')]);
    await send(dispatcher, { method: 'PUT', body: body() });
    expect(received[0]).toContain(
      'transfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n',
    );
    await send(dispatcher, { method: 'PUT', body: body(), headers: ['Content-Length', '2'] });
    expect(received[0]?.split('Content-Length')[1]).toBe(': 2\r\n\r\nab');
  });

  it('keeps the pace of the upstream with a long stream', async () => {
    const { dispatcher, sockets } = await upstreamThat((socket) => socket.pause());
    let made = 0;
    const body = new Readable({
      read() {
        made += 1;
        this.push(made > 1_000 ? null : Buffer.alloc(65_536));
      },
    });
    const asked = send(dispatcher, { method: 'POST', body }).catch((error: unknown) => error);
    await eventually(() => sockets.length).toBe(1);
    await eventually(() => body.isPaused()).toBe(true);
    expect(made).toBeLessThan(1_000);
    sockets[0]?.destroy();
    expect(await asked).toBeInstanceOf(Error);
    expect(body.destroyed).toBe(true);
  });

  it.each([
    ['3', 'longer'],
    ['9', 'shorter'],
  ])('fails when its stream does not have the %s bytes that it says', async (length, _why) => {
    const { all, dispatcher } = await upstreamThat(() => undefined);
    const body = Readable.from([Buffer.from('five!')]);
    const headers = ['content-length', length];
    const asked = send(dispatcher, { method: 'POST', body, headers });
    await expect(asked).rejects.toMatchObject({ code: 'BODY_LENGTH' });
    expect(all.counts()).toEqual({ open: 0, idle: 0 });
  });

  it('fails with its stream', async () => {
    const { all, dispatcher } = await upstreamThat(() => undefined);
    const body = new Readable({
      read() {
        this.destroy(new Error('the disk is gone'));
      },
    });
    await expect(send(dispatcher, { method: 'POST', body })).rejects.toThrow('the disk is gone');
    expect(all.counts()).toEqual({ open: 0, idle: 0 });
  });

  it.each([
    [{ method: 'GET\r\nx:' }, 'method'],
    [{ method: '' }, 'method'],
    [{ path: 'no-slash' }, 'path'],
    [{ path: '/a b' }, 'path'],
    [{ path: '/a\r\n' }, 'path'],
    [{ headers: ['a b', '1'] }, 'a b'],
    [{ headers: ['', '1'] }, 'header'],
    [{ headers: ['x', 'a\r\nb: c'] }, 'x'],
    [{ headers: ['x', 'Ā'] }, 'x'],
    [{ headers: ['Transfer-Encoding', 'chunked'] }, 'Transfer-Encoding'],
    [{ headers: ['connection', 'close'] }, 'connection'],
    [{ headers: ['content-length', '1'] }, 'body'],
    [{ headers: ['content-length', '1'], body: Buffer.from('ab') }, 'content-length'],
    [{ headers: ['content-length', '2', 'content-length', '2'], body: Buffer.from('ab') }, 'one'],
    [{ headers: ['content-length', '2x'], body: Buffer.from('ab') }, 'number'],
  ])('is not written when it is malformed: %j', async (request, named) => {
    const { all, dispatcher } = await upstreamThat(answering(ok));
    await expect(send(dispatcher, request)).rejects.toThrow(named);
    expect(all.counts()).toEqual({ open: 0, idle: 0 });
  });
});

describe('an answer', () => {
  it('may come before the request is all sent, which then ends its connection', async () => {
    const { all, dispatcher } = await upstreamThat(answering(ok));
    const body = new Readable({ read: () => undefined });
    body.push(Buffer.from('the rest never comes'));
    expect((await send(dispatcher, { method: 'POST', body })).text).toBe('ok');
    expect(body.destroyed).toBe(true);
    expect(all.counts()).toEqual({ open: 0, idle: 0 });
  });

  it.each([
    ['HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok', 'CUT_OFF'],
    ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n', 'CUT_OFF'],
    ['', 'CUT_OFF'],
    ['SSH-2.0-OpenSSH_9\r\n\r\n', 'INVALID_RESPONSE'],
    ['HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n', 'INVALID_RESPONSE'],
  ])('that is %j fails with %s', async (answer, code) => {
    const { all, dispatcher } = await upstreamThat((socket) =>
      socket.on('data', () => socket.end(answer)),
    );
    await expect(send(dispatcher)).rejects.toMatchObject({ code });
    expect(all.counts()).toEqual({ open: 0, idle: 0 });
  });

  it('that is reset tells the code of the system', async () => {
    const { dispatcher } = await upstreamThat((socket) =>
      socket.on('data', () => socket.resetAndDestroy()),
    );
    await expect(send(dispatcher)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('without a length is whole when the upstream ends the connection', async () => {
    const { all, dispatcher } = await upstreamThat((socket) =>
      socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it')),
    );
    expect((await send(dispatcher)).text).toBe('all of it');
    expect(all.counts()).toEqual({ open: 0, idle: 0 });
  });

  it('is told at the pace of who listens', async () => {
    const { dispatcher, sockets } = await upstreamThat(() => undefined);
    const told: string[] = [];
    let ended = false;
    const call = dispatcher.dispatch(
      { method: 'GET', path: '/', headers: [], body: null },
      {
        sent: () => undefined,
        headers: () => undefined,
        data(chunk) {
          told.push(chunk.toString());
          call.pause();
        },
        end: () => {
          ended = true;
        },
        failed: () => undefined,
      },
    );
    await eventually(() => sockets.length).toBe(1);
    sockets[0]?.end(
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n',
    );
    await eventually(() => told).toEqual(['a']);
    call.resume();
    expect(told).toEqual(['a', 'b']);
    expect(ended).toBe(false);
    call.resume();
    await eventually(() => ended).toBe(true);
  });
});

describe('a connection', () => {
  it.each([
    ['HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok'],
    ['HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok'],
    ['HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nok'],
    [`${ok}HTTP/1.1 200 OK\r\n`],
  ])('is not used again after %j', async (answer) => {
    const { all, dispatcher, received } = await upstreamThat(answering(answer));
    expect((await send(dispatcher)).text).toBe('ok');
    expect(all.counts()).toEqual({ open: 0, idle: 0 });
    expect((await send(dispatcher)).text).toBe('ok');
    expect(received).toHaveLength(2);
  });

  it('that says something without being asked is ended', async () => {
    const { all, dispatcher, sockets } = await upstreamThat(answering(ok));
    await send(dispatcher);
    expect(all.counts()).toEqual({ open: 1, idle: 1 });
    const [socket] = sockets;
    if (socket === undefined) throw new Error('no connection');
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nbad');
    await eventually(() => all.counts()).toEqual({ open: 0, idle: 0 });
    if (!socket.closed) await once(socket, 'close');
    expect((await send(dispatcher)).text).toBe('ok');
  });

  it('is ended before the upstream says that it would end it', async () => {
    const { all, dispatcher } = await upstreamThat(
      answering('HTTP/1.1 200 OK\r\nkeep-alive: max=9, timeout=3\r\ncontent-length: 2\r\n\r\nok'),
    );
    const startMs = performance.now();
    await send(dispatcher);
    expect(all.counts()).toEqual({ open: 1, idle: 1 });
    await eventually(() => all.counts()).toEqual({ open: 0, idle: 0 });
    expect(performance.now() - startMs).toBeGreaterThan(900);
  });

  it('stays with its requests when one of them is told by a listener that throws', async () => {
    const server = await startOrigin((_request, response) => response.end('ok'));
    endings.push(() => server.close());
    const all = outboundWith();
    endings.push(() => all.destroy());
    const dispatcher = through(all, server.origin);
    const failed = await new Promise((resolve) => {
      dispatcher.dispatch(
        { method: 'GET', path: '/', headers: [], body: null },
        {
          sent: () => undefined,
          headers: () => {
            throw new Error('a defect of ours');
          },
          data: () => undefined,
          end: () => undefined,
          failed: resolve,
        },
      );
    });
    expect(failed).toMatchObject({ message: 'a defect of ours' });
    expect((await send(dispatcher)).text).toBe('ok');
  });
});
