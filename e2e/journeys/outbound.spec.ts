import { writeFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianProgram } from '@keymux/parts/program';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  loopbackCertificate,
  loopbackKey,
} from '../../packages/outbound/test/loopback-certificate.ts';
import {
  startMicrosocks,
  startTinyproxy,
  type RealProxy,
} from '../../packages/outbound/test/real-proxies.ts';
import { ask } from '../clients/ask.ts';
import { startKeymux, type Keymux } from '../product/keymux.ts';
import { groupName, secretsFor } from '../product/house.ts';
import { startSimulator, type Simulator } from '../provider-simulator/simulator.ts';

let folder = '';
let plain: Simulator;
let secure: Simulator;
const running: (Keymux | { close(): Promise<void> })[] = [];

beforeAll(async () => {
  await debianProgram('tinyproxy');
  await debianProgram('microsocks');
  folder = mkdtempSync(join(tmpdir(), 'keymux-e2e-tls-'));
  writeFileSync(join(folder, 'ca.pem'), loopbackCertificate);
  plain = await startSimulator();
  secure = await startSimulator({ tls: { key: loopbackKey, cert: loopbackCertificate } });
}, 300_000);
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
  plain.reset();
  secure.reset();
});
afterAll(async () => {
  await plain.close();
  await secure.close();
  rmSync(folder, { recursive: true, force: true });
});

async function serve(env: Record<string, string>, proxyUrl: string) {
  const keymux = await startKeymux({
    env: { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'), ...env },
  });
  running.push(keymux);
  const urls: Record<string, string> = {};
  for (const [about, simulator] of [
    ['plain', plain],
    ['secure', secure],
  ] as const) {
    const name = groupName(about);
    await keymux.api.addGroup({
      name,
      channel: 'openai',
      upstreams: [{ url: simulator.url, weight: 1 }],
      config: { proxy_url: proxyUrl },
    });
    await keymux.api.importKeys(name, secretsFor(name, 1));
    urls[about] = `${keymux.url}/proxy/${name}`;
  }
  return { keymux, urls };
}

const kinds = [
  { name: 'an http proxy (tinyproxy)', scheme: 'http', start: startTinyproxy },
  { name: 'a socks5 proxy (microsocks)', scheme: 'socks5', start: startMicrosocks },
] as const;

describe.each(kinds)('through $name', ({ scheme, start }) => {
  it.each([
    ['without a password', undefined, ''],
    ['with a user and a password', ['user', 'hunter2'], 'user:hunter2@'],
  ] satisfies [string, [string, string] | undefined, string][])(
    'requests, streams and WebSockets go to http and https upstreams %s',
    async (_, login, userinfo) => {
      const proxy: RealProxy = await start(login);
      running.push({ close: () => proxy.stop() });
      const { keymux, urls } = await serve({}, `${scheme}://${userinfo}127.0.0.1:${proxy.port}`);
      for (const url of Object.values(urls)) {
        await expect
          .poll(async () => (await ask(url, 'openai', keymux.proxyKey)).status, {
            timeout: 20_000,
          })
          .toBe(200);
        const streamed = await ask(url, 'openai', keymux.proxyKey, { stream: true });
        expect(streamed.text).toContain('[DONE]');
        const ws = new WebSocket(`${url.replace('http', 'ws')}/v1/realtime`, {
          headers: { authorization: `Bearer ${keymux.proxyKey}` },
        });
        const greeting = await new Promise((resolve, reject) => {
          ws.once('message', (data: Buffer) => resolve(data.toString()));
          ws.once('error', reject);
        });
        expect(greeting).toContain('session.created');
        ws.terminate();
      }
      await proxy.stop();
      const gone = await ask(urls['plain'] ?? '', 'openai', keymux.proxyKey);
      expect(gone.status).toBe(502);
      expect(gone.text + keymux.logs()).not.toContain('hunter2');
    },
  );
});

describe('the environment’s proxies', () => {
  it('carry what NO_PROXY does not name', async () => {
    const proxy = await startTinyproxy(undefined);
    running.push({ close: () => proxy.stop() });
    const address = `http://127.0.0.1:${proxy.port}`;
    const { keymux, urls } = await serve({ HTTP_PROXY: address, HTTPS_PROXY: address }, '');
    for (const url of Object.values(urls)) {
      await expect
        .poll(async () => (await ask(url, 'openai', keymux.proxyKey)).status, { timeout: 20_000 })
        .toBe(200);
    }
    await proxy.stop();
    expect((await ask(urls['plain'] ?? '', 'openai', keymux.proxyKey)).status).toBe(502);
    await keymux.stop();
    await keymux.start({ NO_PROXY: '127.0.0.1' });
    await expect
      .poll(async () => (await ask(urls['plain'] ?? '', 'openai', keymux.proxyKey)).status, {
        timeout: 20_000,
      })
      .toBe(200);
  });

  it('are not asked for private addresses where those are forbidden', async () => {
    const keymux = await startKeymux({ env: { FORBID_PRIVATE_UPSTREAMS: 'true' } });
    running.push(keymux);
    const reply = await keymux.api.request('POST', '/api/groups', {
      body: {
        name: 'private',
        channel: 'openai',
        upstreams: [{ url: 'http://169.254.169.254', weight: 1 }],
      },
    });
    expect(reply.status).toBe(422);
  });
});
