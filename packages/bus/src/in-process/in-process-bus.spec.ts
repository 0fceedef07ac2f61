import { expect, it } from 'vitest';
import { busConformance, type BusUnderTest } from '../conformance.ts';
import { testMessage } from '../message.fixture.ts';
import { acknowledgingConformance } from './acknowledging-conformance.ts';
import { createInProcessBus } from './in-process-bus.ts';
import { createInProcessCalls } from './in-process-calls.ts';

function make(capacity?: number): BusUnderTest {
  const parked: BusUnderTest['parked'] = [];
  const bus = createInProcessBus({
    deadLetters: {
      park: async (stream, message, reason) => void parked.push({ stream, id: message.id, reason }),
    },
    followerFailed: () => undefined,
    redeliveryMs: () => 1,
    ...(capacity === undefined ? {} : { capacity }),
  });
  const calls = createInProcessCalls();
  calls.answer('settle', () => Promise.resolve());
  const hub = { bus, calls };
  return {
    hub,
    client: hub,
    parked,
    close: async () => {
      await bus.close();
      await calls.close();
    },
  };
}

busConformance('the in-process bus', () => Promise.resolve(make()));
acknowledgingConformance('the in-process bus', () => Promise.resolve(make()));

it('refuses messages beyond its capacity and takes a message it has only once', async () => {
  const { hub, close } = make(1);
  const message = testMessage('s');
  const first = hub.bus.publish('KEY_OUTCOMES', message);
  const again = hub.bus.publish('KEY_OUTCOMES', message);
  await expect(hub.bus.publish('KEY_OUTCOMES', testMessage('s'))).rejects.toHaveProperty(
    'name',
    'BusUnavailable',
  );
  let deliveries = 0;
  await hub.bus.consume('KEY_OUTCOMES', { durable: 'd' }, () => {
    deliveries += 1;
    return Promise.resolve('ack');
  });
  await Promise.all([first, again]);
  expect(deliveries).toBe(1);
  await close();
});
