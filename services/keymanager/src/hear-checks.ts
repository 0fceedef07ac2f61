import type { Handled, Message } from '@keymux/bus';
import { KeyCheckedSchema } from '@keymux/contracts';
import type { Clock, Logger } from '@keymux/service';
import { Compile } from 'typebox/compile';
import { afterFailure } from './after-failure.ts';
import type { Ledger } from './roster/ledger.ts';

const isChecked = Compile(KeyCheckedSchema);

/** Makes the consumer of KEY_CHECKS: each probe is an event, and a passing one restores a blacklisted key. */
export function createHearChecks(deps: {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Logger;
}): (message: Message, delivery: number) => Promise<Handled> {
  const { ledger, clock, log } = deps;
  return async (message, delivery) => {
    const { id, data } = message;
    if (!isChecked.Check(data)) return 'park';
    const { key_id, at, ok, status, message: said } = data;
    const check = { ok, status, message: said };
    try {
      // A duplicate was handled when it came first.
      await ledger.write({ keyIds: [key_id] }, (unit) => {
        const nowMs = clock.now();
        const command = { kind: 'hear-check', check, at, passing: 'restores', nowMs } as const;
        unit.apply(key_id, command, { cause: id, actor: 'validator' });
      });
      return 'ack';
    } catch (error) {
      return afterFailure(error, { log, what: 'a check', id, delivery });
    }
  };
}
