import type { SQLOutputValue } from 'node:sqlite';

/** The places in what a statement found. */
export function seqs(found: readonly Record<string, SQLOutputValue>[]): number[] {
  return found.map((each) => Number(each['seq']));
}
