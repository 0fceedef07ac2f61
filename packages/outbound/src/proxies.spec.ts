import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { RequestError, Server } from 'proxy-chain';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ask, failureOf, outboundWith, through, upgrade } from '../test/ask.ts';
import { loopbackCertificate, loopbackKey } from '../test/loopback-certificate.ts';
import { startOrigin, type OriginServer } from '../test/origin-server.ts';
import type { Outbound } from './outbound.ts';

const trustedBefore = getCACertificates('default');
// Ample: a machine may be busy with other things.
vi.setConfig({ testTimeout: 60_000 });
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 30_000 });

const endings: (() => Promise<unknown>)[] = [];
let plain: OriginServer;
let secure: OriginServer;

beforeAll(() => setDefaultCACertificates([...trustedBefore, loopbackCertificate]));
afterAll(() => setDefaultCACertificates(trustedBefore));

beforeEach(async () => {
  const echo: Parameters<typeof startOrigin>[0] = (request, response) => {
    const { method, url, rawHeaders } = request;
    request.resume().once('end', () => response.end(JSON.stringify({ method, url, rawHeaders })));
  };
  plain = await startOrigin(echo, {
    onServer: (http) =>
      http.on('upgrade', (_request, socket) => {
        socket.end(
          'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nup',
        );
      }),
  });
  secure = await startOrigin(echo, { tls: true });
  endings.push(plain.close, secure.close);
});

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A real proxy that wants a user and a password. */
async function startProxy(serverType: 'http' | 'https'): Promise<Server> {
  const admit = {
    port: 0,
    host: '127.0.0.1',
    prepareRequestFunction: ({ username, password }: { username: string; password: string }) => {
      if (username !== 'us@er' || password !== 'p:ss') throw new RequestError('no', 407);
      return undefined;
    },
  };
  const server =
    serverType === 'http'
      ? new Server(admit)
      : new Server({
          ...admit,
          serverType,
          httpsOptions: { cert: loopbackCertificate, key: loopbackKey },
        });
  await server.listen();
  endings.push(() => server.close(true));
  return server;
}

function outbound(...options: Parameters<typeof outboundWith>): Outbound {
  const created = outboundWith(...options);
  endings.push(() => created.destroy());
  return created;
}

const right = (proxy: Server) => `${proxy.serverType}://us%40er:p%3Ass@127.0.0.1:${proxy.port}`;
const wrong = (proxy: Server) => `${proxy.serverType}://us%40er:hunter2@127.0.0.1:${proxy.port}`;

describe.each(['http', 'https'] as const)('an %s proxy', (type) => {
  it('carries requests to https upstreams through a tunnel', async () => {
    const proxy = await startProxy(type);
    const dispatcher = through(outbound(), secure.origin, right(proxy));
    const { status, text } = await ask(dispatcher);
    expect(status).toBe(200);
    expect(text).toContain('"url":"/a%2Fb?q=1"');
    expect(text).not.toContain('proxy-');
    expect(proxy.stats).toEqual({ httpRequestCount: 0, connectRequestCount: 1 });
  });

  it('carries requests to http upstreams without a tunnel, on one connection', async () => {
    const proxy = await startProxy(type);
    const all = outbound();
    const dispatcher = through(all, plain.origin, right(proxy));
    for (const _ of [1, 2]) {
      const { status, text } = await ask(dispatcher);
      expect(status).toBe(200);
      expect(text).toContain('"url":"/a%2Fb?q=1"');
      expect(text).toContain('"x-one","1","x-one","2"');
      expect(text).toContain(`127.0.0.1:${plain.port}`);
      expect(text).not.toContain('proxy-auth');
      await eventually(() => all.counts()).toEqual({ open: 1, idle: 1 });
    }
    expect(proxy.stats).toEqual({ httpRequestCount: 2, connectRequestCount: 0 });
    expect(proxy.connections.size).toBe(1);
  });

  it('carries upgrades to http upstreams through a tunnel', async () => {
    const proxy = await startProxy(type);
    const dispatcher = through(outbound(), plain.origin, right(proxy));
    const socket = await upgrade(dispatcher);
    let received = '';
    for await (const chunk of socket) received += String(chunk);
    expect(received).toBe('up');
    expect(proxy.stats.connectRequestCount).toBe(1);
  });

  it('that refuses the password fails the request without repeating it', async () => {
    const proxy = await startProxy(type);
    for (const origin of [plain.origin, secure.origin]) {
      const failure = await failureOf(ask(through(outbound(), origin, wrong(proxy))));
      expect(failure.code).toBe('PROXY_REFUSED');
      expect(failure.all).toContain('407');
      expect(failure.all).not.toContain('hunter2');
      expect(failure.all).not.toContain(Buffer.from('us@er:hunter2').toString('base64'));
    }
  });

  it('that is down fails the request, which never goes direct', async () => {
    const proxy = await startProxy(type);
    await proxy.close(true);
    for (const origin of [plain.origin, secure.origin]) {
      const failure = await failureOf(ask(through(outbound(), origin, wrong(proxy))));
      expect(failure.code).toBe('PROXY_UNREACHABLE');
      expect(failure.all).not.toContain('hunter2');
    }
  });
});

describe('the way to an upstream', () => {
  it('is direct over TLS too, and only to a server with the right certificate', async () => {
    const all = outbound();
    expect((await ask(through(all, secure.origin))).status).toBe(200);
    setDefaultCACertificates(trustedBefore);
    try {
      const failure = await failureOf(ask(through(outbound(), secure.origin)));
      expect(failure.code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    } finally {
      setDefaultCACertificates([...trustedBefore, loopbackCertificate]);
    }
  });

  it('goes through the proxy of the environment for its scheme, but not past NO_PROXY', async () => {
    const proxy = await startProxy('http');
    const environment = { httpProxy: right(proxy), httpsProxy: '', noProxy: '' };
    await ask(through(outbound({ environment }), plain.origin));
    expect(proxy.stats.httpRequestCount).toBe(1);
    await ask(through(outbound({ environment }), secure.origin));
    const noProxy = `127.0.0.1:${plain.port}`;
    await ask(through(outbound({ environment: { ...environment, noProxy } }), plain.origin));
    expect(proxy.stats).toEqual({ httpRequestCount: 1, connectRequestCount: 0 });
  });

  it("prefers the upstream's own proxy, whatever NO_PROXY says", async () => {
    const proxy = await startProxy('http');
    const environment = { httpsProxy: 'http://127.0.0.1:1', noProxy: '*' };
    await ask(through(outbound({ environment }), secure.origin, right(proxy)));
    expect(proxy.stats.connectRequestCount).toBe(1);
  });

  it('is closed when the address of the proxy cannot be read', async () => {
    const failure = await failureOf(ask(through(outbound(), plain.origin, 'ftp://a:hunter2@b')));
    expect(failure.code).toBe('PROXY_INVALID');
    expect(failure.all).not.toContain('hunter2');
  });
});

describe('where private addresses are forbidden', () => {
  it.each([
    ['an address', (port: number) => `http://127.0.0.1:${port}`],
    ['an address written as a number', (port: number) => `http://2130706433:${port}`],
    ['an IPv4 address in IPv6', (port: number) => `http://[::ffff:127.0.0.1]:${port}`],
    ['the unspecified address', (port: number) => `http://0.0.0.0:${port}`],
    ['a name that resolves to one', (port: number) => `http://localhost:${port}`],
  ])('%s is refused', async (_what, origin) => {
    const all = outbound({ forbidPrivate: true });
    const failure = await failureOf(ask(through(all, origin(plain.port))));
    expect(failure.code).toBe('FORBIDDEN_ADDRESS');
    expect(plain.connections()).toBe(0);
  });

  it('a private proxy is refused, but for the one of the environment', async () => {
    const proxy = await startProxy('http');
    const own = through(outbound({ forbidPrivate: true }), 'http://1.1.1.1:9', right(proxy));
    expect((await failureOf(ask(own))).code).toBe('FORBIDDEN_ADDRESS');
    expect(proxy.connections.size).toBe(0);
    const environment = { httpProxy: wrong(proxy) };
    const all = outbound({ forbidPrivate: true, environment });
    // It is asked, and asks for the password: so it was reached.
    expect((await failureOf(ask(through(all, 'http://1.1.1.1:9')))).code).toBe('PROXY_REFUSED');
    expect((await failureOf(ask(through(all, plain.origin)))).code).toBe('FORBIDDEN_ADDRESS');
  });
});
