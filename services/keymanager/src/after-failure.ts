import type { Handled } from '@keymux/bus';
import { isStoreAway } from '@keymux/event-store';
import type { Logger } from '@keymux/service';

const triesOfABug = 10;

/** What a consumer says of a message that it could not write: again until the store is back; of a bug, again some times. */
export function afterFailure(
  error: unknown,
  {
    log,
    what,
    id,
    delivery,
  }: {
    readonly log: Logger;
    /** What the message tells, as a sentence begins. */
    readonly what: string;
    readonly id: string;
    readonly delivery: number;
  },
): Handled {
  if (isStoreAway(error)) {
    log.warn({ err: error, id }, `${what} cannot be stored now; trying again`);
    return 'retry';
  }
  log.error({ err: error, id, delivery }, `${what} could not be handled`);
  return delivery < triesOfABug ? 'retry' : 'park';
}
