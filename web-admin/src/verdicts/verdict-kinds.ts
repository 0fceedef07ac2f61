import type { IconName } from '../design/icon.ts';
import type { Verdict } from './runs.ts';

export type VerdictKind = Verdict['kind'];

/** The kinds of verdicts, the worst first. */
export const verdictKinds: readonly VerdictKind[] = ['blacklisted', 'cooled', 'guard', 'returned'];

/** What a verdict means, as a colour. */
export const verdictTones = {
  blacklisted: 'bad',
  cooled: 'warn',
  guard: 'calm',
  returned: 'good',
} as const satisfies Record<VerdictKind, string>;

export const verdictIcons = {
  blacklisted: 'close',
  cooled: 'pause',
  guard: 'shield',
  returned: 'check',
} as const satisfies Record<VerdictKind, IconName>;
