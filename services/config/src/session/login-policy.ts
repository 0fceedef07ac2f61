import type { ThrottlePolicy } from '@keymux/coordination';

/**
 * Five wrong keys a minute are free, then the wait doubles from 2 s to 15 min; guessers together are held to 200 a
 * minute. Each network is one guesser.
 */
export const loginPolicy: ThrottlePolicy = {
  windowMs: 60_000,
  freeTries: 5,
  firstWaitMs: 2_000,
  longestWaitMs: 15 * 60_000,
  freeTriesOfAll: 200,
};
