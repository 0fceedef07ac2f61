import { expect, it } from 'vitest';
import { createBusByStream } from './bus-by-stream.ts';
import { createInProcessBus } from './in-process/in-process-bus.ts';
import { testMessage } from './message.fixture.ts';

const inProcess = () =>
  createInProcessBus({
    deadLetters: { park: () => Promise.resolve() },
    followerFailed: () => undefined,
  });

it('carries some streams over another bus, and closes both', async () => {
  const [usual, special] = [inProcess(), inProcess()];
  const bus = createBusByStream(usual, { streams: ['REQUEST_LOGS'], bus: special });
  const seen: unknown[] = [];
  await special.consume('REQUEST_LOGS', { durable: 'd' }, ({ data }) => {
    seen.push(['special', data]);
    return Promise.resolve('ack');
  });
  await usual.follow('CONFIG', ({ data }) => void seen.push(['usual', data]));
  await bus.follow('REQUEST_LOGS', ({ data }) => void seen.push(['followed', data]));
  await bus.publish('REQUEST_LOGS', testMessage('log.request.a', 1));
  await bus.publish('CONFIG', testMessage('config.group', 2));
  expect(seen).toHaveLength(3);
  expect(seen).toEqual(
    expect.arrayContaining([
      ['special', 1],
      ['followed', 1],
      ['usual', 2],
    ]),
  );
  await bus.close();
  for (const each of [usual, special]) {
    await expect(each.publish('CONFIG', testMessage('config.group'))).rejects.toHaveProperty(
      'name',
      'BusUnavailable',
    );
  }
});
