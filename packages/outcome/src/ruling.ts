import type { AtFault, Verdict } from '@keymux/contracts';
import type { Retry, Scope } from './judgement.ts';

/** How long something rests. */
export type RestRule =
  /** As the answer says, at most `longestMs`; `usualMs`, give or take a tenth, when it does not. */
  | { readonly usualMs: number; readonly longestMs?: number; readonly settable?: true }
  | { readonly exactMs: number };

/** What a row rules, before it is applied to the moment and the model. */
export interface Ruling {
  readonly verdict: Verdict;
  readonly scope: Scope;
  readonly retry: Retry;
  readonly atFault: AtFault | null;
  readonly rest?: RestRule;
  /** Asks the mass-failure guard; `unless-hinted`: an answer that names the end of its limit is a limit. */
  readonly guarded?: boolean | 'unless-hinted';
}
