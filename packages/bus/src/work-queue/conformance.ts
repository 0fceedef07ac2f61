import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Bus } from '../bus.ts';
import { testMessage } from '../message.fixture.ts';

/** A hub where queues are consumed, and a connection that publishes. */
export interface QueuesUnderTest {
  readonly hub: { readonly bus: Bus };
  readonly client: { readonly bus: Bus };
  readonly parked: { stream: string; id: string; reason: string }[];
  close(): Promise<void>;
}

/** A broker may take its time for the first message of a group. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 50_000 });

/** What work queues promise; each adapter that has some runs it. */
export function workQueueConformance(name: string, make: () => Promise<QueuesUnderTest>): void {
  const withQueues = (work: (queues: QueuesUnderTest) => Promise<void>) => async () => {
    const queues = await make();
    try {
      await work(queues);
    } finally {
      await queues.close();
    }
  };

  describe(`${name} keeps the promises of work queues`, () => {
    it(
      'keeps the order of a subject and gives again what failed',
      withQueues(async ({ hub, client }) => {
        const seen: unknown[] = [];
        await hub.bus.consume('KEY_OUTCOMES', { durable: 'd' }, (message, delivery) => {
          if (message.data === 2 && delivery < 3) throw new Error('not yet');
          seen.push(message.data);
          return Promise.resolve('ack');
        });
        await Promise.all(
          [1, 2, 3].map((n) => client.bus.publish('KEY_OUTCOMES', testMessage('key.outcome.a', n))),
        );
        await eventually(() => seen).toEqual([1, 2, 3]);
      }),
    );

    it(
      'lets a subject that fails stop no other',
      withQueues(async ({ hub, client }) => {
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
        await eventually(() => seen).toEqual(['key.outcome.good']);
      }),
    );

    it(
      'parks what cannot be read and what fails for ever, with the reason',
      withQueues(async ({ hub, client, parked }) => {
        await hub.bus.consume('KEY_CHECKS', { durable: 'd', maxDeliveries: 2 }, (message) => {
          if (message.data === 'unreadable') return Promise.resolve('park');
          throw new Error('disk full');
        });
        const unreadable = testMessage('key.check.a', 'unreadable');
        const failing = testMessage('key.check.a', 'failing');
        await client.bus.publish('KEY_CHECKS', unreadable);
        await client.bus.publish('KEY_CHECKS', failing);
        await eventually(() => parked.length).toBe(2);
        expect(parked).toMatchObject([
          { stream: 'KEY_CHECKS', id: unreadable.id },
          { stream: 'KEY_CHECKS', id: failing.id, reason: 'failed 2 times: disk full' },
        ]);
      }),
    );

    it(
      'has several messages of a subject in work when the consumer allows it',
      withQueues(async ({ hub, client }) => {
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
        await eventually(() => inWork).toBe(3);
      }),
    );

    it(
      'keeps messages until somebody consumes',
      withQueues(async ({ hub, client }) => {
        const published = client.bus.publish('KEY_OUTCOMES', testMessage('key.outcome.a', 1));
        const seen: unknown[] = [];
        await hub.bus.consume('KEY_OUTCOMES', { durable: 'd' }, (message) => {
          seen.push(message.data);
          return Promise.resolve('ack');
        });
        await expect(published).resolves.toBeUndefined();
        await eventually(() => seen).toEqual([1]);
      }),
    );

    it(
      'gives what a consumer did not acknowledge to the next one',
      withQueues(async ({ hub, client }) => {
        const begun = Promise.withResolvers<void>();
        const stuck = await hub.bus.consume('KEY_CHECKS', { durable: 'd' }, () => {
          begun.resolve();
          return Promise.resolve('retry');
        });
        void client.bus
          .publish('KEY_CHECKS', testMessage('key.check.a', 'again'))
          .catch(() => undefined);
        await begun.promise;
        await stuck.stop();
        const seen: unknown[] = [];
        await hub.bus.consume('KEY_CHECKS', { durable: 'd' }, (message) => {
          seen.push(message.data);
          return Promise.resolve('ack');
        });
        await eventually(() => seen).toEqual(['again']);
      }),
    );

    it(
      'carries messages of a megabyte',
      withQueues(async ({ hub, client }) => {
        // As hard to compress as what is in log rows gets: random bytes in base64.
        const rows = randomBytes(3 * 2 ** 18).toString('base64');
        const seen: unknown[] = [];
        await hub.bus.consume('REQUEST_LOGS', { durable: 'd' }, (message) => {
          seen.push(message.data);
          return Promise.resolve('ack');
        });
        await client.bus.publish('REQUEST_LOGS', testMessage('log.request.a', { rows }));
        await eventually(() => seen).toEqual([{ rows }]);
      }),
    );

    it(
      "refuses to consume a broadcast, or what is another durable's",
      withQueues(async ({ hub }) => {
        const handler = () => Promise.resolve('ack' as const);
        await expect(hub.bus.consume('CONFIG', { durable: 'd' }, handler)).rejects.toThrow();
        await hub.bus.consume('KEY_CHECKS', { durable: 'd' }, handler);
        await expect(hub.bus.consume('KEY_CHECKS', { durable: 'e' }, handler)).rejects.toThrow();
      }),
    );

    it(
      'takes nothing any more once it is closed',
      withQueues(async ({ client }) => {
        await client.bus.close();
        await expect(
          client.bus.publish('KEY_OUTCOMES', testMessage('key.outcome.a')),
        ).rejects.toHaveProperty('name', 'BusUnavailable');
      }),
    );
  });
}
