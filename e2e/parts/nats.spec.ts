import { afterAll, beforeAll, expect, it } from 'vitest';
import { startNats } from './nats.ts';
import { accepts, type Part } from './part.ts';

let nats: Part;
beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats.stop());

it('starts a server, kills it and starts it again at the same place', async () => {
  const first = nats.pid;
  await nats.kill('SIGKILL');
  expect(nats.pid).toBe(0);
  expect(await accepts(nats.port)).toBe(false);
  await nats.restart();
  expect(nats.pid).not.toBe(first);
  expect(await accepts(nats.port)).toBe(true);
});

it('says what the server said when it does not start', async () => {
  await expect(startNats({ config: 'no_such_option: 1' })).rejects.toThrow('no_such_option');
});
