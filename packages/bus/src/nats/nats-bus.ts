import { jetstream } from '@nats-io/jetstream';
import type { Logger } from '@keymux/service';
import { type Bus, BusUnavailable, type DeadLetters, type Subscription } from '../bus.ts';
import { encode } from './wire.ts';
import { readMessage } from './wire-message.ts';
import type { NatsLink } from './nats-link.ts';
import { isWorkQueue, subjectOf } from './streams.ts';
import { doublingMs } from '../work-queue/work-queue.ts';
import { WorkConsumer } from './work-consumer.ts';

/** Longest wait until the server has stored a message, ms. */
const publishMs = 5_000;

export interface NatsBusOptions {
  readonly link: NatsLink;
  readonly deadLetters: DeadLetters;
  readonly log: Logger;
  /** Wait after the nth failed delivery, ms; by default from 100 doubling to 10,000. */
  readonly redeliveryMs?: (delivery: number) => number;
}

/**
 * The bus over JetStream. A message is safe when the server has stored it; consumers acknowledge
 * after their own store has it. Followers hear what is published while they listen, and are told
 * when the connection was away.
 */
export function createNatsBus(options: NatsBusOptions): Bus {
  const { link, deadLetters, log, redeliveryMs = doublingMs } = options;
  const subscriptions = new Set<Subscription>();
  let closed = false;

  const keep = (subscription: Subscription): Subscription => {
    const kept: Subscription = {
      stop: () => {
        subscriptions.delete(kept);
        return subscription.stop();
      },
    };
    subscriptions.add(kept);
    return kept;
  };
  const unavailable = (why: string): Promise<never> => Promise.reject(new BusUnavailable(why));

  return {
    async publish(stream, message) {
      const connection = link.up;
      if (closed) return unavailable('the bus is closed');
      if (connection === null) return unavailable(link.trouble);
      const { payload, headers } = encode(message);
      const stored = jetstream(connection).publish(message.subject, payload, {
        timeout: publishMs,
        expect: { streamName: stream },
        // What a broadcast says again under the same id it means.
        ...(isWorkQueue(stream) ? { msgID: message.id } : {}),
        ...(headers === undefined ? {} : { headers }),
      });
      const late = (): Error => new BusUnavailable(`NATS stored nothing in ${publishMs} ms`);
      await link.deadlines.race(stored, publishMs, late).catch((error: unknown) => {
        if (error instanceof BusUnavailable) throw error;
        const why = error instanceof Error ? error.message : String(error);
        throw new BusUnavailable(`NATS did not take the message: ${why}`, { cause: error });
      });
    },
    async consume(stream, consumer, handler) {
      if (closed) return unavailable('the bus is closed');
      if (!isWorkQueue(stream)) throw new Error(`stream ${stream} is a broadcast: follow it`);
      const work = new WorkConsumer({
        link,
        deadLetters,
        log,
        redeliveryMs,
        stream,
        consumer,
        handler,
      });
      await work.start();
      return keep(work);
    },
    async follow(stream, handler, missed) {
      if (closed) return unavailable('the bus is closed');
      let stop = (): void => undefined;
      let flushed: Promise<void> = Promise.resolve();
      // One that throws harms no other, nor the connection.
      const tell = (follower: () => void): void => {
        try {
          follower();
        } catch (error) {
          log.error({ err: error, stream }, 'a follower of the bus failed');
        }
      };
      const unlisten = link.listen({
        joined(connection) {
          const subscription = connection.subscribe(subjectOf(stream), {
            callback: (error, { data, headers, subject }) => {
              const message = error === null ? readMessage(data, headers) : null;
              if (message === null) log.error({ err: error, subject }, 'an unreadable broadcast');
              else tell(() => handler(message));
            },
          });
          stop = () => subscription.unsubscribe();
          flushed = connection.flush();
        },
        ...(missed === undefined ? {} : { rejoined: () => tell(missed) }),
      });
      // A connection that breaks meanwhile subscribes anew when it is back.
      await flushed.catch(() => undefined);
      return keep({
        stop: async () => {
          unlisten();
          stop();
        },
      });
    },
    async close() {
      closed = true;
      await Promise.all(Array.from(subscriptions, (each) => each.stop()));
    },
  } satisfies Bus;
}
