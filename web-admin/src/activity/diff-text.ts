/** A value of a diff as a person reads it; null when there is none. */
export function valueText(value: unknown): string | null {
  if (value === undefined || value === null || value === '') return null;
  return typeof value === 'string'
    ? value
    : JSON.stringify(value, null, 1).replaceAll(/\n */g, ' ');
}
