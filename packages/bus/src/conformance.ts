import { describe, expect, it } from 'vitest';
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
    id: `m${lastMessage}`,
    type: 'test',
    version: 1,
    time: new Date(0).toISOString(),
    source: 'test',
    subject,
    data,
  };
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
      'resolves a publish when the consumer acknowledged, not before',
      withBus(async ({ hub, client }) => {
        const handled: string[] = [];
        const gate = Promise.withResolvers<void>();
        await hub.bus.consume('KEY_OUTCOMES', { durable: 'd' }, async (message) => {
          await gate.promise;
          handled.push(message.id);
          return 'ack';
        });
        const message = testMessage('key.outcome.a', { n: 1 });
        const published = client.bus.publish('KEY_OUTCOMES', message).then(() => handled.length);
        gate.resolve();
        expect(await published).toBe(1);
        expect(handled).toEqual([message.id]);
      }),
    );

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
          [1, 2, 3].map((n) => client.bus.publish('KEY_OUTCOMES', testMessage('s', n))),
        );
        expect(seen).toEqual([1, 2, 3]);
      }),
    );

    it(
      'lets a subject that fails stop no other',
      withBus(async ({ hub, client }) => {
        const seen: string[] = [];
        await hub.bus.consume('KEY_OUTCOMES', { durable: 'd', maxDeliveries: 1000 }, (message) => {
          if (message.subject === 'bad') return Promise.resolve('retry');
          seen.push(message.subject);
          return Promise.resolve('ack');
        });
        client.bus.publish('KEY_OUTCOMES', testMessage('bad')).catch((error: unknown) => {
          expect(error).toHaveProperty('name', 'BusUnavailable');
        });
        await client.bus.publish('KEY_OUTCOMES', testMessage('good'));
        expect(seen).toEqual(['good']);
      }),
    );

    it(
      'parks what cannot be read and what fails for ever, with the reason',
      withBus(async ({ hub, client, parked }) => {
        await hub.bus.consume('KEY_CHECKS', { durable: 'd', maxDeliveries: 2 }, (message) => {
          if (message.data === 'unreadable') return Promise.resolve('park');
          throw new Error('disk full');
        });
        const unreadable = testMessage('s', 'unreadable');
        const failing = testMessage('s', 'failing');
        await client.bus.publish('KEY_CHECKS', unreadable);
        await client.bus.publish('KEY_CHECKS', failing);
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
          [1, 2, 3].map((n) => client.bus.publish('REQUEST_LOGS', testMessage('s', n))),
        );
        expect(inWork).toBe(3);
      }),
    );

    it(
      'keeps messages until somebody consumes',
      withBus(async ({ hub, client }) => {
        const published = client.bus.publish('KEY_OUTCOMES', testMessage('s'));
        await hub.bus.consume('KEY_OUTCOMES', { durable: 'd' }, () => Promise.resolve('ack'));
        await expect(published).resolves.toBeUndefined();
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
        hub.calls.answer('double', (request) => Promise.resolve(Number(request) * 2));
        hub.calls.answer('broken', () => Promise.reject(new Error('no such thing')));
        hub.calls.answer('silent', () => Promise.withResolvers<void>().promise);
        expect(await client.calls.call('double', 21)).toBe(42);
        await expect(client.calls.call('broken', 1)).rejects.toThrow('no such thing');
        await expect(client.calls.call('nobody', 1)).rejects.toThrow(CallFailed);
        await expect(client.calls.call('silent', 1, { timeoutMs: 5 })).rejects.toThrow(CallFailed);
      }),
    );

    it(
      'rejects what it did not finish when it closes',
      withBus(async ({ hub, client }) => {
        const published = client.bus.publish('KEY_OUTCOMES', testMessage('s'));
        const rejected = expect(published).rejects.toHaveProperty('name', 'BusUnavailable');
        await client.bus.close();
        await hub.bus.close();
        await rejected;
      }),
    );
  });
}
