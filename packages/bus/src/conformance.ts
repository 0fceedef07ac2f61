import { randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { type Calls, NoAnswer } from './bus.ts';
import { testMessage } from './message.fixture.ts';
import { type QueuesUnderTest, workQueueConformance } from './work-queue/conformance.ts';

/** The same, with calls that are answered at the hub; the client follows too. */
export interface BusUnderTest extends QueuesUnderTest {
  readonly hub: QueuesUnderTest['hub'] & { readonly calls: Calls };
  readonly client: QueuesUnderTest['client'] & { readonly calls: Calls };
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

  workQueueConformance(name, make);

  describe(`${name} keeps the promises of a bus`, () => {
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
        const [broken, nobody, silent] = await Promise.all([
          client.calls.call('broken', 1).catch((error: unknown) => error),
          client.calls.call('nobody', 1).catch((error: unknown) => error),
          client.calls.call('silent', 1, { timeoutMs: 5 }).catch((error: unknown) => error),
        ]);
        expect(broken).toMatchObject({
          name: 'CallFailed',
          message: expect.stringContaining('no such thing'),
        });
        expect(nobody).toBeInstanceOf(NoAnswer);
        expect(silent).toBeInstanceOf(NoAnswer);
      }),
    );

    it(
      'carries calls of a few megabytes',
      withBus(async ({ hub, client }) => {
        // As hard to compress as what is in log rows gets: random bytes in base64.
        const text = randomBytes(4 * 2 ** 20).toString('base64');
        hub.calls.answer('large', () => Promise.resolve({ text }));
        await untilAnswered(client.calls, 'large');
        expect(await client.calls.call('large', null)).toEqual({ text });
      }),
    );
  });
}
