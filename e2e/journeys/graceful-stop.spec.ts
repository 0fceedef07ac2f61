import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, completionOf, credentialOf } from '../clients/ask.ts';
import { addServing } from '../product/house.ts';
import { startKeymux, type Keymux } from '../product/keymux.ts';
import { eventStream } from '../provider-simulator/answer.ts';
import { startSimulator, type Simulator } from '../provider-simulator/simulator.ts';

let keymux: Keymux;
let simulator: Simulator;
beforeEach(async ({ onTestFailed }) => {
  simulator = await startSimulator();
  onTestFailed(() => {
    process.stderr.write(`--- keymux's log\n${keymux.logs().slice(-8000)}\n---\n`);
  });
});
afterEach(async () => {
  await keymux.close();
  await simulator.close();
});

/** A stream that waits in its middle until it is released. */
async function openStream(url: string) {
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  async function* slowly(): AsyncGenerator<Buffer> {
    yield Buffer.from('data: {"choices":[{"delta":{"content":"a"}}]}\n\n');
    await gate;
    yield Buffer.from('data: {"choices":[{"delta":{"content":"b"}}]}\n\n');
    yield Buffer.from('data: [DONE]\n\n');
  }
  simulator.script({ times: 1, answer: eventStream(slowly()) });
  const { path, headers, body } = completionOf('openai', { stream: true });
  const reply = await fetch(url + path, {
    method: 'POST',
    headers: { ...headers, ...credentialOf('openai', keymux.proxyKey) },
    body,
  });
  return { reply, release };
}

describe('a graceful stop', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'on %s lets running streams finish, takes nothing new and loses no row',
    async (signal) => {
      keymux = await startKeymux({ env: { SERVER_GRACEFUL_SHUTDOWN_TIMEOUT: '40' } });
      const { url } = await addServing({ keymux, simulator }, { channel: 'openai' });
      const { reply, release } = await openStream(url);
      const ended = keymux.stop(signal);
      await expect
        .poll(
          async () =>
            fetch(`${keymux.url}/readyz`).then(
              (ready) => ready.ok,
              () => false,
            ),
          { timeout: 20_000 },
        )
        .toBe(false);
      const refused = await ask(url, 'openai', keymux.proxyKey).then(
        (answer) => answer.status,
        () => 503,
      );
      expect(refused).toBe(503);
      release();
      expect(await reply.text()).toContain('[DONE]');
      expect(await ended).toEqual({ code: 0, signal: null });
      await keymux.start();
      const row = await keymux.api.log(reply.headers.get('x-request-id') ?? '');
      expect(row).toMatchObject({ status: 200, streaming: true });
    },
  );

  it('ends streams that go on past the limit, and says so in their row', async () => {
    keymux = await startKeymux({ env: { SERVER_GRACEFUL_SHUTDOWN_TIMEOUT: '1' } });
    const { url } = await addServing({ keymux, simulator }, { channel: 'openai' });
    const { reply } = await openStream(url);
    const exit = await keymux.stop();
    expect(exit).toEqual({ code: 0, signal: null });
    await expect(reply.text()).rejects.toThrow();
    await expect.poll(() => simulator.activeRequests()).toBe(0);
    await keymux.start();
    const row = await keymux.api.log(reply.headers.get('x-request-id') ?? '');
    expect(row.at_fault).toBe('gateway');
  });

  it('leaves idle connections at once and exits by itself', async () => {
    keymux = await startKeymux({ env: { SERVER_GRACEFUL_SHUTDOWN_TIMEOUT: '40' } });
    const { url } = await addServing({ keymux, simulator }, { channel: 'openai' });
    expect((await ask(url, 'openai', keymux.proxyKey)).status).toBe(200);
    expect(await keymux.stop()).toEqual({ code: 0, signal: null });
    expect(keymux.logs()).not.toMatch(/\bERROR\b/);
  });
});
