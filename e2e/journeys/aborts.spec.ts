import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ask, completionOf } from '../clients/ask.ts';
import { addServing, useHouse } from '../product/house.ts';

const house = useHouse({
  env: { MAX_CONCURRENT_REQUESTS: '5000', MAX_IDLE_CONNS: '2000', MAX_IDLE_CONNS_PER_HOST: '2000' },
});

const many = 1000;

/** A client's connection that has sent some bytes. */
function sending(bytes: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(house.keymux.port, '127.0.0.1', () => {
      socket.write(bytes, () => resolve(socket));
    });
    socket.once('error', reject);
    socket.on('data', () => undefined);
  });
}

function requestBytes(name: string, stream: boolean): string {
  const { path, body } = completionOf('openai', { stream });
  return (
    `POST /proxy/${name}${path} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n` +
    `Authorization: Bearer ${house.keymux.proxyKey}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}

async function inWaves(bytes: string): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < many) {
    sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => sending(bytes)))));
  }
  return sockets;
}

describe('clients that vanish', () => {
  it('while sending, waiting or reading leave nothing behind and harm no key', async () => {
    const { name, url } = await addServing(house, { channel: 'openai' }, 5);
    const idle = house.simulator.openConnections();

    const half = requestBytes(name, false);
    const connecting = await inWaves(half.slice(0, half.length - 10));
    for (const socket of connecting) socket.destroy();

    const stopHanging = house.simulator.script({ answer: { kind: 'hang' } });
    const waiting = await inWaves(half);
    await expect.poll(() => house.simulator.activeRequests(), { timeout: 30_000 }).toBe(many);
    for (const socket of waiting) socket.destroy();
    await expect.poll(() => house.simulator.activeRequests(), { timeout: 30_000 }).toBe(0);
    stopHanging();

    house.simulator.script({ answer: { kind: 'usual', ending: 'hang', endAfterChunks: 3 } });
    let reading = 0;
    const streams = await inWaves(requestBytes(name, true));
    for (const socket of streams) socket.once('data', () => (reading += 1));
    await expect.poll(() => house.simulator.activeRequests(), { timeout: 30_000 }).toBe(many);
    for (const [index, socket] of streams.entries()) {
      if (index % 2 === 0) socket.destroy();
      else socket.resetAndDestroy();
    }
    await expect.poll(() => house.simulator.activeRequests(), { timeout: 30_000 }).toBe(0);
    await expect
      .poll(() => house.simulator.openConnections(), { timeout: 30_000 })
      .toBeLessThanOrEqual(idle + 1);
    expect(house.simulator.hits.every((hit) => hit.aborted)).toBe(true);
    expect(reading).toBeGreaterThanOrEqual(0);

    house.simulator.reset();
    for (const key of await house.keymux.api.keys(name)) {
      expect(key).toMatchObject({ status: 'active', streak: 0, failures: 0, cooldowns: [] });
    }
    expect((await ask(url, 'openai', house.keymux.proxyKey)).status).toBe(200);
    await expect
      .poll(async () => (await house.keymux.api.logs({ group: name, status: '499' })).length, {
        timeout: 30_000,
      })
      .toBeGreaterThanOrEqual(2 * many);
    const rows = await house.keymux.api.logs({ group: name, status: '499' });
    expect(new Set(rows.map((row) => row.at_fault))).toEqual(new Set(['client']));
  });

  it('free their places: the limit of concurrent requests is not used up', async () => {
    const metrics = await (await fetch(house.keymux.metricsUrl)).text();
    expect(metrics).toMatch(/^keymux_active_requests(\{[^}]*\})? 0$/m);
  });
});
