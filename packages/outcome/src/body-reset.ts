import { parseDurationMs } from './duration.ts';

/** When Gemini's error details say that a quota ends, epoch ms (google.rpc.RetryInfo, QuotaFailure). */
export function bodyResetMs(bodyText: string, nowMs: number): number[] {
  if (!bodyText.includes('retryDelay') && !bodyText.includes('PerDay')) return [];
  const resets: number[] = [];
  for (const detail of detailsOf(bodyText)) {
    const delayMs = delayOf(field(detail, 'retryDelay'));
    if (delayMs !== null) resets.push(nowMs + delayMs);
    if (speaksOfDay(detail)) resets.push(nextMidnightPacificMs(nowMs));
  }
  return resets;
}

function detailsOf(bodyText: string): unknown[] {
  let json: unknown;
  try {
    json = JSON.parse(bodyText);
  } catch {
    return []; // cut off or no JSON: there is nothing to read
  }
  const wrapped: unknown[] = Array.isArray(json) ? json : [json];
  return wrapped.flatMap((each) => listOf(field(field(each, 'error'), 'details')));
}

function speaksOfDay(detail: unknown): boolean {
  return listOf(field(detail, 'violations')).some((each) =>
    String(field(each, 'quotaId') ?? '').includes('PerDay'),
  );
}

function delayOf(value: unknown): number | null {
  if (typeof value === 'string') return parseDurationMs(value);
  const seconds = field(value, 'seconds');
  return seconds === undefined || Number.isNaN(Number(seconds)) ? null : Number(seconds) * 1000;
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([each]) => each === name)?.[1];
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Google's daily quotas start anew at midnight in California. */
export function nextMidnightPacificMs(nowMs: number): number {
  const second = nowMs - (nowMs % 1000);
  const guess = second + (86_400 - secondOfDay(second)) * 1000;
  // The day on which the clocks change has 23 or 25 hours.
  const off = secondOfDay(guess);
  return off > 43_200 ? guess + (86_400 - off) * 1000 : guess - off * 1000;
}

function secondOfDay(ms: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: 'America/Los_Angeles',
    hourCycle: 'h23',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(ms);
  const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value);
  return part('hour') * 3_600 + part('minute') * 60 + part('second');
}
