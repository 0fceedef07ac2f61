import type { Query } from '../api/api.ts';

/** What narrows the logs, by the names that the address bar shows. */
export const filterNames = [
  'q',
  'group',
  'model',
  'status',
  'outcome',
  'key',
  'proxy_key',
  'range',
  'from',
  'to',
] as const;
export type FilterName = (typeof filterNames)[number];

/** Filters as a person set them; what is not set is not there. */
export type LogFilters = Readonly<Partial<Record<FilterName, string>>>;

/** What the API takes of them. */
export type LogQuery = Omit<Query<'listLogs'>, 'limit' | 'cursor'>;

export const outcomes = ['ok', 'error', 'client', 'gateway', 'key', 'upstream'] as const;
export type Outcome = (typeof outcomes)[number];

const rangesMs: Readonly<Record<string, number>> = {
  '15m': 15 * 60_000,
  '1h': 3_600_000,
  '24h': 24 * 3_600_000,
  '7d': 7 * 24 * 3_600_000,
  '30d': 30 * 24 * 3_600_000,
};
/** Ranges that end now; `custom` is from and to. */
export const timeRanges = ['15m', '1h', '24h', '7d', '30d', 'custom'] as const;
export type TimeRange = (typeof timeRanges)[number];

const statusPattern = /^([1-5]\d\d|[1-5]xx)$/;

/** Filters out of the parameters of an address; what makes no sense there is left out. */
export function readFilters(params: Readonly<Record<string, unknown>>): LogFilters {
  const read: Partial<Record<FilterName, string>> = {};
  for (const name of filterNames) {
    const value = params[name];
    if (typeof value === 'string' && isUsable(name, value.trim())) read[name] = value.trim();
  }
  return read;
}

/** The parameters of an address for filters; null takes one out of it. */
export function toParams(filters: LogFilters): Record<FilterName, string | null> {
  const params = filterNames.map((name) => [name, filters[name] || null] as const);
  return Object.fromEntries(params) as Record<FilterName, string | null>;
}

/** The filters with one changed; a range and the times of another do not stand together. */
export function withFilter(filters: LogFilters, name: FilterName, value: string): LogFilters {
  const { [name]: _was, ...others } = filters;
  const rest: LogFilters = others;
  if (name !== 'range') return isUsable(name, value) ? { ...rest, [name]: value } : rest;
  const { from, to, ...untimed } = rest;
  if (value === '') return untimed;
  const times = {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
  return value === 'custom' ? { ...untimed, ...times, range: value } : { ...untimed, range: value };
}

/** What to ask the API for. */
export function toQuery(filters: LogFilters, nowMs: number): LogQuery {
  const { range, from, to, outcome, ...plain } = filters;
  const rangeMs = rangesMs[range ?? ''];
  const fromTime =
    rangeMs === undefined ? iso(from) : new Date(Math.floor((nowMs - rangeMs) / 1000) * 1000);
  return {
    ...plain,
    ...(isOutcome(outcome) ? { outcome } : {}),
    ...(fromTime === undefined ? {} : { from: fromTime.toISOString() }),
    ...(rangeMs !== undefined || to === undefined ? {} : { to: iso(to)?.toISOString() }),
  };
}

/** Which range is chosen; empty for all times. */
export function rangeOf({ range, from, to }: LogFilters): TimeRange | '' {
  const known = timeRanges.find((each) => each === range);
  if (known !== undefined) return known;
  return from === undefined && to === undefined ? '' : 'custom';
}

/** How many filters narrow the list. */
export function countFilters(filters: LogFilters): number {
  const { range, from, to, ...plain } = filters;
  const timed = from !== undefined || to !== undefined || (range ?? 'custom') !== 'custom';
  return Object.keys(plain).length + (timed ? 1 : 0);
}

/** A time as an input of the browser writes it, in local time. */
export function localInput(time: string | undefined): string {
  const at = iso(time);
  if (at === undefined) return '';
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The time that such an input means; empty when it is none. */
export function fromLocalInput(text: string): string {
  return iso(text)?.toISOString() ?? '';
}

function isUsable(name: FilterName, value: string): boolean {
  if (value === '') return false;
  switch (name) {
    case 'status':
      return statusPattern.test(value);
    case 'outcome':
      return isOutcome(value);
    case 'range':
      return timeRanges.some((each) => each === value);
    case 'from':
    case 'to':
      return iso(value) !== undefined;
    case 'q':
      return value.length <= 500;
    case 'group':
    case 'key':
      return value.length <= 100;
    case 'model':
    case 'proxy_key':
      return value.length <= 200;
    default:
      return name satisfies never;
  }
}

function isOutcome(text: string | undefined): text is Outcome {
  return outcomes.some((each) => each === text);
}

function iso(text: string | undefined): Date | undefined {
  const at = new Date(text ?? '');
  return Number.isNaN(at.getTime()) ? undefined : at;
}
