import { parseDurationMs } from './duration.ts';

/** A plain decimal number; null for anything else. */
export function numberOf(value: string | undefined): number | null {
  const text = value?.trim() ?? '';
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : null;
}

/** A moment as providers write it, in epoch ms: seconds from now, epoch seconds or milliseconds, "1m30s", a date. */
export function momentOf(value: string | undefined, nowMs: number): number | null {
  const number = numberOf(value);
  if (number !== null) {
    if (number > 100_000_000_000) return number;
    return number > 1_000_000_000 ? number * 1000 : nowMs + number * 1000;
  }
  const text = value?.trim() ?? '';
  const durationMs = parseDurationMs(text);
  if (durationMs !== null) return nowMs + durationMs;
  if (!/^\d{4}-\d\d-\d\d|^[A-Za-z]{3,9},? /.test(text)) return null;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : date;
}
