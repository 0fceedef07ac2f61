import type { AtFault, ErrorRule, Verdict } from '@keymux/contracts';

/** What a judgement is about. */
export type Scope =
  'none' | 'request' | 'client' | 'key' | 'key-model' | 'upstream' | 'upstream-model';

/** Where the request may be tried again; `other-upstream` means another key where there is no other. */
export type Retry = 'no' | 'other-key' | 'other-upstream';

/** A rest of a key (scope key, key-model) or of an upstream (scope upstream-model). */
export interface Rest {
  /** Null rests the whole key. */
  readonly model: string | null;
  readonly untilMs: number;
}

/** What an outcome means. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly scope: Scope;
  /** The row of the table, or `error-rule:<n>`, the group's nth rule, counted from 1. */
  readonly rule: string;
  readonly message: string;
  readonly retry: Retry;
  readonly cooldown: Rest | null;
  readonly at_fault: AtFault | null;
  /**
   * Outcomes of several keys with the same text failed alike: the mass-failure guard is asked
   * before this verdict is carried out. Null where many keys may rightly fail at once.
   */
  readonly alike: string | null;
}

/** What judging depends on besides the outcome. */
export interface JudgeContext {
  readonly nowMs: number;
  /** The model that was sent. */
  readonly model: string | null;
  /** 0 to 1, for jitter. */
  readonly random: number;
  readonly errorRules: readonly ErrorRule[];
  /** Whether the call may be sent again though the upstream may have acted (`channel.inference`). */
  readonly inference: boolean;
  readonly method: string;
  /** How long a rate limit rests a key that does not say how long; the table's time without it. */
  readonly usualRestMs?: number;
}
