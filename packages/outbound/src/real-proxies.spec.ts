import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { debianProgram } from '@keymux/parts/program';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ask, failureOf, outboundWith, through } from '../test/ask.ts';
import { loopbackCertificate } from '../test/loopback-certificate.ts';
import { startOrigin, type OriginServer } from '../test/origin-server.ts';
import { startMicrosocks, startTinyproxy, type RealProxy } from '../test/real-proxies.ts';
import type { Outbound } from './outbound.ts';

vi.setConfig({ testTimeout: 60_000 });
const trustedBefore = getCACertificates('default');
const installMs = 300_000;
let plain: OriginServer;
let secure: OriginServer;
const opened: Outbound[] = [];

beforeAll(async () => {
  setDefaultCACertificates([...trustedBefore, loopbackCertificate]);
  const echo: Parameters<typeof startOrigin>[0] = (request, response) => {
    request.pipe(response);
  };
  plain = await startOrigin(echo);
  secure = await startOrigin(echo, { tls: true });
  await debianProgram('tinyproxy');
  await debianProgram('microsocks');
}, installMs);

afterEach(async () => {
  for (const outbound of opened.splice(0)) await outbound.destroy();
});

afterAll(async () => {
  setDefaultCACertificates(trustedBefore);
  await plain.close();
  await secure.close();
});

function outbound(...options: Parameters<typeof outboundWith>): Outbound {
  const created = outboundWith(...options);
  opened.push(created);
  return created;
}

const kinds = [
  { name: 'tinyproxy', scheme: 'http', start: startTinyproxy },
  { name: 'microsocks', scheme: 'socks5', start: startMicrosocks },
] as const;

describe.each(kinds)('$name', ({ scheme, start }) => {
  describe.each([
    ['without a password', undefined, ''],
    ['with user and password', ['user', 'hunter2'], 'user:hunter2@'],
  ] satisfies [string, [string, string] | undefined, string][])('%s', (_what, login, userinfo) => {
    let proxy: RealProxy;
    beforeAll(async () => {
      proxy = await start(login);
    }, installMs);
    afterAll(() => proxy.stop());

    it('carries http and https, again and again', async () => {
      const all = outbound();
      for (const { origin } of [plain, secure, plain, secure]) {
        const dispatcher = through(all, origin, `${scheme}://${userinfo}127.0.0.1:${proxy.port}`);
        expect(await ask(dispatcher)).toMatchObject({ status: 200, text: 'hello' });
      }
    });

    it('carries many requests at a time', async () => {
      const dispatcher = through(
        outbound(),
        secure.origin,
        `${scheme}://${userinfo}127.0.0.1:${proxy.port}`,
      );
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask(dispatcher)));
      expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['hello']));
    });

    it('resolves names itself', async () => {
      const proxyUrl = `${scheme}://${userinfo}127.0.0.1:${proxy.port}`;
      const named = through(outbound(), `https://localhost:${secure.port}`, proxyUrl);
      expect((await ask(named)).text).toBe('hello');
      const unknown = through(outbound(), 'https://no-such-host.invalid', proxyUrl);
      const failure = await failureOf(ask(unknown));
      expect(failure.code).toBe('PROXY_REFUSED');
      expect(failure.all).not.toContain('hunter2');
    });

    it('serves as the proxy of the environment', async () => {
      const httpsProxy = `${scheme}://${userinfo}127.0.0.1:${proxy.port}`;
      const used = outbound({ environment: { httpsProxy } });
      expect((await ask(through(used, secure.origin))).text).toBe('hello');
    });
  });

  it('that wants another password fails the request, which is not repeated', async () => {
    const proxy = await start(['user', 'right']);
    try {
      for (const userinfo of ['', 'user:hunter2@']) {
        const proxyUrl = `${scheme}://${userinfo}127.0.0.1:${proxy.port}`;
        const failure = await failureOf(ask(through(outbound(), secure.origin, proxyUrl)));
        expect(failure.code).toBe('PROXY_REFUSED');
        expect(failure.all).not.toContain('hunter2');
      }
    } finally {
      await proxy.stop();
    }
  });
});
