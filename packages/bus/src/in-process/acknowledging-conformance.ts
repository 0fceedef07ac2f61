import { describe, expect, it } from 'vitest';
import type { BusUnderTest } from '../conformance.ts';
import { testMessage } from '../message.fixture.ts';

/** What a bus promises that keeps nothing: a message is its publisher's until a consumer has it (ADR 4). */
export function acknowledgingConformance(name: string, make: () => Promise<BusUnderTest>): void {
  describe(`${name} answers for a message when its consumer does`, () => {
    it('resolves a publish when the consumer acknowledged, not before', async () => {
      const { hub, client, close } = await make();
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
      await close();
    });

    it('rejects what it did not finish when it closes', async () => {
      const { hub, client, close } = await make();
      const published = client.bus.publish('KEY_OUTCOMES', testMessage('key.outcome.a'));
      const rejected = expect(published).rejects.toHaveProperty('name', 'BusUnavailable');
      await client.bus.close();
      await hub.bus.close();
      await rejected;
      await close();
    });
  });
}
