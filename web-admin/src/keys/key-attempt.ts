import type { LogRow } from '../api/generated.ts';
import { type Verdict, verdictTones } from '../logs/outcome.ts';

/** How a request went for one key, which may have failed where another one then succeeded. */
export interface KeyAttempt {
  readonly status: number | null;
  readonly ms: number;
  readonly tone: (typeof verdictTones)[Verdict];
}

/** The last attempt of a request with a key; null where there was none. */
export function attemptOf(
  { attempts }: Pick<LogRow, 'attempts'>,
  keyId: string,
): KeyAttempt | null {
  const last = attempts.findLast(({ key_id }) => key_id === keyId);
  return last === undefined
    ? null
    : { status: last.status, ms: last.ms, tone: verdictTones[last.verdict] };
}
