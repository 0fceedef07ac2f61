import type { KeyEvent, KeyFailure, KeyOutcome, Verdicts } from '@keymux/contracts';

/** A fact with the moment it happened, epoch ms. */
export type KeyFact = KeyEvent & { readonly atMs: number };

export type KeySuccess = Extract<KeyOutcome, { kind: 'success' }>;
export type KeyGuard = Extract<KeyOutcome, { kind: 'guard' }>;

/** What a probe said of a key. */
export interface CheckResult {
  readonly ok: boolean;
  readonly status: number | null;
  readonly message: string;
}

/** What may be asked of a key. The time and the policy travel in the command. */
export type KeyCommand = { readonly nowMs: number } & (
  | {
      readonly kind: 'import';
      readonly group: string;
      readonly sealed: string;
      readonly fingerprint: string;
      readonly masked: string;
      readonly taskId: string | null;
    }
  | { readonly kind: 'hear-failure'; readonly outcome: KeyFailure; readonly threshold: number }
  | { readonly kind: 'hear-success'; readonly outcome: KeySuccess }
  | { readonly kind: 'hear-guard'; readonly outcome: KeyGuard }
  | {
      readonly kind: 'hear-check';
      readonly check: CheckResult;
      /** ISO 8601 */
      readonly at: string;
      /** What a passing probe does to a blacklisted key. */
      readonly passing: 'restores' | 'reports';
    }
  | { readonly kind: 'restore'; readonly message: string }
  | { readonly kind: 'undo'; readonly undoId: string; readonly verdicts: Verdicts }
  | { readonly kind: 'revert-undo'; readonly undoId: string }
  | { readonly kind: 'enable' }
  | { readonly kind: 'disable' }
  | { readonly kind: 'note'; readonly note: string }
  | { readonly kind: 'reseal'; readonly sealed: string; readonly fingerprint: string }
  | { readonly kind: 'delete' }
);
