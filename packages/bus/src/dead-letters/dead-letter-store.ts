import type { DeadLetters } from '../bus.ts';

/** A dead letter as it is listed. */
export interface DeadLetter {
  readonly id: string;
  readonly stream: string;
  readonly subject: string;
  /** ISO 8601 */
  readonly time: string;
  readonly reason: string;
}

/** Keeps dead letters, and shows them. */
export interface DeadLetterStore extends DeadLetters {
  /** Newest first, from before an id; `next` is the id to go on from, null at the end. */
  list(
    before: string | null,
    limit: number,
  ): Promise<{ readonly items: readonly DeadLetter[]; readonly next: string | null }>;
  count(): Promise<number>;
}
