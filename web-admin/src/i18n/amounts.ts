import { numberFormat, plainFormat, relativeFormat } from './formats.ts';

/** A count in little room: 12,300 as 12.3K, or as 1.23万 where one counts by ten thousands. */
export function compactText(locale: string, value: number): string {
  const notation = 'compact';
  if (locale.startsWith('en')) {
    // British English writes 12.3m where everybody who reads metrics expects 12.3M.
    return numberFormat('en-US', { notation, maximumFractionDigits: 1 }).format(value);
  }
  // What is less is written in full, what is more may have four digits before its unit.
  return value < 10_000
    ? plainFormat(locale).format(value)
    : numberFormat(locale, { notation, maximumSignificantDigits: 3 }).format(value);
}

/** How far off a moment is, in the unit that suits it; negative for what is over. */
export function relativeText(locale: string, ms: number): string {
  const format = relativeFormat(locale, { numeric: 'auto', style: 'short' });
  const seconds = Math.round(ms / 1_000);
  const size = Math.abs(seconds);
  if (size < 60) return format.format(seconds, 'second');
  // What would round to 60 minutes or 24 hours is one of the next unit.
  if (size < 3_570) return format.format(Math.round(seconds / 60), 'minute');
  if (size < 84_600) return format.format(Math.round(seconds / 3_600), 'hour');
  return format.format(Math.round(seconds / 86_400), 'day');
}
