export {
  type AttemptOutcome,
  type FailureKind,
  headerFacts,
  type HeaderFacts,
} from './attempt-outcome.ts';
export {
  type GuardAnswer,
  type GuardedFailure,
  type GuardRules,
  keysToTrip,
  MassFailureGuard,
} from './guard.ts';
export { judge } from './judge.ts';
export { momentOf, numberOf } from './moment.ts';
export { judgeAgain, recordAttempt } from './recorded-attempt.ts';
export type { JudgeContext, Judgement, Rest, Retry, Scope } from './judgement.ts';
