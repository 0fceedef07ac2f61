import type { Limits, LimitTimes } from '../limits.ts';
import { UseLedger } from './use-ledger.ts';

/** Limits within one process. `now` is a clock that never goes back, ms. */
export function createInProcessLimits({
  now = () => performance.now(),
  ...times
}: LimitTimes & { readonly now?: () => number } = {}): Limits {
  const ledger = new UseLedger({ ...times, now });
  return {
    take: (request) => Promise.resolve(ledger.take(request)),
    keep: (uses) => Promise.resolve(ledger.keep(uses)),
    end: (use) => Promise.resolve(ledger.end(use)),
  } satisfies Limits;
}
