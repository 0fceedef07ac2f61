import type { Clock, Service } from '@keymux/service';
import type { Bus, Calls } from '../bus.ts';
import type { DeadLetterStore } from '../dead-letters/dead-letter-store.ts';
import { createNatsBus } from './nats-bus.ts';
import { createNatsCalls } from './nats-calls.ts';
import { createNatsDeadLetters } from './nats-dead-letters.ts';
import { NatsLink, type NatsLinkOptions } from './nats-link.ts';

/** Everything that goes over one connection to NATS. */
export interface Nats {
  readonly bus: Bus;
  readonly calls: Calls;
  readonly deadLetters: DeadLetterStore;
  readonly name: 'nats';
  /** False while the server is away or refuses the credentials. */
  readonly isUp: boolean;
  /** Which of the two, for a person. */
  readonly trouble: string;
  /** Joins NATS and leaves it. */
  readonly service: Service;
}

/** Makes the parts that share a connection; nothing is sent before the service starts. */
export function createNats(options: NatsLinkOptions & { readonly clock: Clock }): Nats {
  const link = new NatsLink(options);
  const { log, clock } = options;
  const deadLetters = createNatsDeadLetters({ link, clock, log });
  const bus = createNatsBus({ link, deadLetters, log });
  const calls = createNatsCalls(link);
  return {
    name: 'nats',
    bus,
    calls,
    deadLetters,
    get isUp() {
      return link.up !== null;
    },
    get trouble() {
      return link.trouble;
    },
    service: {
      name: 'bus',
      start: (stopping) => link.start(stopping),
      async stop() {
        await bus.close();
        await calls.close();
        await link.close();
      },
    },
  };
}
