import type { Attempt, LogRow } from '../api/generated.ts';
import type { Outcome } from './log-filters.ts';

export type Verdict = Attempt['verdict'];

/** What a verdict means, as a colour. */
export const verdictTones = {
  success: 'good',
  count: 'bad',
  blacklist: 'bad',
  cooldown: 'warn',
  upstream: 'warn',
  retry: 'warn',
  pass: 'calm',
  client: 'calm',
} as const satisfies Record<Verdict, string>;

export const verdictNames = {
  success: 'verdict.success',
  count: 'verdict.count',
  blacklist: 'verdict.blacklist',
  cooldown: 'verdict.cooldown',
  upstream: 'verdict.upstream',
  retry: 'verdict.retry',
  pass: 'verdict.pass',
  client: 'verdict.client',
} as const satisfies Record<Verdict, string>;

export const outcomeNames = {
  ok: 'outcome.ok',
  error: 'outcome.error',
  client: 'outcome.client',
  gateway: 'outcome.gateway',
  key: 'outcome.key',
  upstream: 'outcome.upstream',
} as const satisfies Record<Outcome, string>;

/** The colour of a status: whether it went well, and whose fault it is when it did not. */
export function statusTone({
  status,
  at_fault,
}: Pick<LogRow, 'status' | 'at_fault'>): 'good' | 'warn' | 'bad' | 'calm' {
  if (status < 400 && at_fault === null) return 'good';
  if (at_fault === 'client') return 'calm';
  return status >= 500 || status < 400 ? 'bad' : 'warn';
}
