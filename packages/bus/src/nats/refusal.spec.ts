import { createServer } from 'node:net';
import { startNats } from '@keymux/parts/nats';
import { expect, it } from 'vitest';
import { hearObjection } from './refusal.ts';

/** A server at which nobody should tell a secret: what it says at once, and what it was sent. */
async function stranger(says: string) {
  const sent: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined).on('data', (data) => sent.push(data.toString('latin1')));
    if (says !== '') socket.write(says);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    at: `127.0.0.1:${address.port}`,
    sent: () => sent.join(''),
    stop: () => new Promise((resolve) => void server.close(resolve)),
  };
}

const who = { user: 'keymux', pass: 'hunter2' };

it('gives its credentials away in clear neither to a server that wants TLS nor where it wants TLS itself', async () => {
  const wanting = await stranger('INFO {"tls_required":true}\r\n');
  expect(await hearObjection({ servers: wanting.at, ...who })).toBeNull();
  expect(wanting.sent()).not.toBe('');
  expect(wanting.sent()).not.toContain('hunter2');
  const without = await stranger('INFO {}\r\n');
  expect(await hearObjection({ servers: without.at, ...who, tls: {} })).toBeNull();
  expect(without.sent()).toBe('');
  await Promise.all([wanting.stop(), without.stop()]);
});

it('hears nothing from what is silent, away, or no NATS, and soon gives up', async () => {
  const others = await Promise.all(['', 'SSH-2.0-x\r\n', 'INFO {\r\n', 'INFO 7\r\n'].map(stranger));
  const startMs = performance.now();
  for (const { at } of others) expect(await hearObjection({ servers: at, ...who })).toBeNull();
  expect(others.map(({ sent }) => sent()).join('')).not.toContain('hunter2');
  await Promise.all(others.map(({ stop }) => stop()));
  const servers = others.map(({ at }) => at);
  expect(await hearObjection({ servers, ...who })).toBeNull();
  expect(performance.now() - startMs).toBeLessThan(10_000);
}, 30_000);

it('hears an objection that any of several servers has, and none from one that takes it', async () => {
  const silent = await stranger('');
  const nats = await startNats({ config: 'authorization { user: keymux, password: right }' });
  const servers = [silent.at, `127.0.0.1:${nats.port}`];
  expect(await hearObjection({ servers, ...who })).toBe('Authorization Violation');
  expect(await hearObjection({ servers, user: 'keymux', pass: 'right' })).toBeNull();
  await Promise.all([silent.stop(), nats.stop()]);
}, 60_000);
