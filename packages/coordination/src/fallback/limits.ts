import { UseLedger } from '../in-process/use-ledger.ts';
import type { Limits, LimitTimes, Refusal, UseAnswer, UseRequest } from '../limits.ts';

/**
 * Limits that always answer: shared ones, and this instance's own window while those fail. What was given here is
 * kept in mind either way, so that neither an outage nor a server without its data gives an instance a second minute.
 */
export function createSteadyLimits({
  shared,
  now = () => performance.now(),
  ...times
}: LimitTimes & { readonly shared: Limits; readonly now?: () => number }): Limits {
  const own = new UseLedger({ ...times, now });

  async function take(request: UseRequest): Promise<UseAnswer> {
    const { space, allowance, use } = request;
    const refused: Refusal[] = [];
    const names: string[] = [];
    for (const name of request.names) {
      const refusal = own.refusal(space, name, allowance);
      if (refusal === null) names.push(name);
      else refused.push(refusal);
    }
    if (names.length === 0) return { granted: null, refused };
    const open = { ...request, names };
    let answer: UseAnswer;
    try {
      answer = await shared.take(open);
      if (answer.granted !== null) own.record({ space, name: answer.granted, use }, allowance);
    } catch {
      // Who is asked tells of its own failures; here it only means that nobody answers for others.
      answer = own.take(open);
    }
    return { granted: answer.granted, refused: [...refused, ...answer.refused] };
  }

  return {
    take,
    keep: async (uses) => {
      own.keep(uses);
      await shared.keep(uses).catch(() => undefined);
    },
    end: async (use) => {
      own.end(use);
      // A slot that could not be given back ends by itself.
      await shared.end(use).catch(() => undefined);
    },
  } satisfies Limits;
}
