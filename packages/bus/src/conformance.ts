import { randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { type Bus, type Calls, CallFailed, type Message } from './bus.ts';

/** A hub where queues are consumed and calls answered, and a connection that publishes and follows. */
export interface BusUnderTest {
  readonly hub: { readonly bus: Bus; readonly calls: Calls };
  readonly client: { readonly bus: Bus; readonly calls: Calls };
  readonly parked: { stream: string; id: string; reason: string }[];
  close(): Promise<void>;
}

let lastMessage = 0;

/** A message for tests. */
export function testMessage(subject: string, data: unknown = null): Message {
  lastMessage += 1;
  return {
    id: `m${process.pid}.${lastMessage}`,
    type: 'test',
    version: 1,
    time: new Date(0).toISOString(),
    source: 'test',
    subject,
    data,
  };
}

/** Who answers is known to others a moment later. */
async function untilAnswered(calls: Calls, name: string): Promise<void> {
  const answers = () =>
    calls.call(name, 0).then(
      () => true,
      () => false,
    );
  await vi.waitUntil(answers, { timeout: 10_000 });
}

/** What every bus promises; each adapter runs it. */
export function busConformance(name: string, make: () => Promise<BusUnderTest>): void {
  const withBus = (work: (bus: BusUnderTest) => Promise<void>) => async () => {
    const bus = await make();
    try {
      await work(bus);
    } finally {
      await bus.close();
    }
  };

  describe(`${name} keeps the promises of a bus`, () => {
    it(
      'keeps the order of a subject and gives again what failed',
      withBus(async ({ hub, client }) => {
        const seen: unknown[] = [];
        await hub.bus.consume('KEY_OUTCOMES', { durable: 'd' }, (message, delivery) => {
          if (message.data === 2 && delivery < 3) throw new Error('not yet');
          seen.push(message.data);
          return Promise.resolve('ack');
        });
        await Promise.all(
          [1, 2, 3].map((n) => client.bus.publish('KEY_OUTCOMES', testMessage('key.outcome.a', n))),
        );
        await expect.poll(() => seen).toEqual([1, 2, 3]);
      }),
    );

    it(
      'lets a subject that fails stop no other',
      withBus(async ({ hub, client }) => {
        const seen: string[] = [];
        await hub.bus.consume('KEY_OUTCOMES', { durable: 'd', maxDeliveries: 1000 }, (message) => {
          if (message.subject === 'key.outcome.bad') return Promise.resolve('retry');
          seen.push(message.subject);
          return Promise.resolve('ack');
        });
        client.bus
          .publish('KEY_OUTCOMES', testMessage('key.outcome.bad'))
          .catch((error: unknown) => {
            expect(error).toHaveProperty('name', 'BusUnavailable');
          });
        await client.bus.publish('KEY_OUTCOMES', testMessage('key.outcome.good'));
        await expect.poll(() => seen).toEqual(['key.outcome.good']);
      }),
    );

    it(
      'parks what cannot be read and what fails for ever, with the reason',
      withBus(async ({ hub, client, parked }) => {
        await hub.bus.consume('KEY_CHECKS', { durable: 'd', maxDeliveries: 2 }, (message) => {
          if (message.data === 'unreadable') return Promise.resolve('park');
          throw new Error('disk full');
        });
        const unreadable = testMessage('key.check.a', 'unreadable');
        const failing = testMessage('key.check.a', 'failing');
        await client.bus.publish('KEY_CHECKS', unreadable);
        await client.bus.publish('KEY_CHECKS', failing);
        await expect.poll(() => parked.length).toBe(2);
        expect(parked).toMatchObject([
          { stream: 'KEY_CHECKS', id: unreadable.id },
          { stream: 'KEY_CHECKS', id: failing.id, reason: 'failed 2 times: disk full' },
        ]);
      }),
    );

    it(
      'has several messages of a subject in work when the consumer allows it',
      withBus(async ({ hub, client }) => {
        const gate = Promise.withResolvers<void>();
        let inWork = 0;
        const options = { durable: 'd', maxInFlightPerSubject: 3 };
        await hub.bus.consume('REQUEST_LOGS', options, async () => {
          inWork += 1;
          if (inWork === 3) gate.resolve();
          await gate.promise;
          return 'ack';
        });
        await Promise.all(
          [1, 2, 3].map((n) => client.bus.publish('REQUEST_LOGS', testMessage('log.request.a', n))),
        );
        await expect.poll(() => inWork).toBe(3);
      }),
    );

    it(
      'keeps messages until somebody consumes',
      withBus(async ({ hub, client }) => {
        const published = client.bus.publish('KEY_OUTCOMES', testMessage('key.outcome.a', 1));
        const seen: unknown[] = [];
        await hub.bus.consume('KEY_OUTCOMES', { durable: 'd' }, (message) => {
          seen.push(message.data);
          return Promise.resolve('ack');
        });
        await expect(published).resolves.toBeUndefined();
        await expect.poll(() => seen).toEqual([1]);
      }),
    );

    it(
      'gives a broadcast to everybody who follows, whatever another one throws',
      withBus(async ({ hub, client }) => {
        const seen: unknown[] = [];
        await hub.bus.follow('CONFIG', () => {
          throw new Error('a bug');
        });
        await client.bus.follow('CONFIG', (message) => void seen.push(message.data));
        const stopped = await client.bus.follow('CONFIG', () => void seen.push('stopped'));
        await stopped.stop();
        await client.calls.call('settle', null);
        await hub.bus.publish('CONFIG', testMessage('config.group', 'one'));
        await hub.bus.publish('CONFIG', testMessage('config.group', 'two'));
        await expect.poll(() => seen).toEqual(['one', 'two']);
      }),
    );

    it(
      'answers calls, and says when nobody or only an error answers',
      withBus(async ({ hub, client }) => {
        hub.calls.answer('broken', () => Promise.reject(new Error('no such thing')));
        hub.calls.answer('silent', () => Promise.withResolvers<void>().promise);
        hub.calls.answer('double', (request) => Promise.resolve(Number(request) * 2));
        await untilAnswered(client.calls, 'double');
        expect(await client.calls.call('double', 21)).toBe(42);
        await expect(client.calls.call('broken', 1)).rejects.toThrow('no such thing');
        await expect(client.calls.call('nobody', 1)).rejects.toThrow(CallFailed);
        await expect(client.calls.call('silent', 1, { timeoutMs: 5 })).rejects.toThrow(CallFailed);
      }),
    );

    it(
      'carries calls and messages of a few megabytes',
      withBus(async ({ hub, client }) => {
        // As hard to compress as what is in log rows gets: random bytes in base64.
        const text = randomBytes(4 * 2 ** 20).toString('base64');
        hub.calls.answer('large', () => Promise.resolve({ text }));
        await untilAnswered(client.calls, 'large');
        expect(await client.calls.call('large', null)).toEqual({ text });
        const seen: unknown[] = [];
        await hub.bus.consume('REQUEST_LOGS', { durable: 'd' }, (message) => {
          seen.push(message.data);
          return Promise.resolve('ack');
        });
        const rows = text.slice(0, 2 ** 20);
        await client.bus.publish('REQUEST_LOGS', testMessage('log.request.a', { rows }));
        await expect.poll(() => seen).toEqual([{ rows }]);
      }),
    );

    it(
      "refuses to consume a broadcast, or what is another durable's",
      withBus(async ({ hub }) => {
        const handler = () => Promise.resolve('ack' as const);
        await expect(hub.bus.consume('CONFIG', { durable: 'd' }, handler)).rejects.toThrow();
        await hub.bus.consume('KEY_CHECKS', { durable: 'd' }, handler);
        await expect(hub.bus.consume('KEY_CHECKS', { durable: 'e' }, handler)).rejects.toThrow();
      }),
    );

    it(
      'takes nothing any more once it is closed',
      withBus(async ({ client }) => {
        await client.bus.close();
        await expect(
          client.bus.publish('KEY_OUTCOMES', testMessage('key.outcome.a')),
        ).rejects.toHaveProperty('name', 'BusUnavailable');
      }),
    );
  });
}
