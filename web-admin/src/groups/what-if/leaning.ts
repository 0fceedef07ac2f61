/** Whether a number that should be small got better or worse. */
export function leaning(before: number, after: number): 'good' | 'bad' | 'same' {
  if (after === before) return 'same';
  return after < before ? 'good' : 'bad';
}
