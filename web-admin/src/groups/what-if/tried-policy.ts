import type { ErrorRule } from '../../api/generated.ts';
import { fromLocalInput } from '../../design/local-time.ts';

export type Verdict = ErrorRule['verdict'];

/** A rule as a person types it. */
export interface TypedRule {
  readonly status: string;
  readonly contains: string;
  readonly verdict: Verdict;
  readonly seconds: string;
}

/** What a person filled in; empty is as it really was. Times as `datetime-local` inputs hold them. */
export interface WhatIfForm {
  readonly threshold: string;
  readonly retries: string;
  readonly rest: string;
  readonly guard: 'as-was' | 'off' | 'on';
  readonly guardWindow: string;
  readonly guardKeys: string;
  /** Null leaves the rules as they were. */
  readonly rules: readonly TypedRule[] | null;
  readonly from: string;
  readonly to: string;
}

/** What the server is asked to try. */
export interface TriedPolicy {
  readonly blacklist_threshold?: number;
  readonly max_retries?: number;
  readonly rest_seconds?: number;
  readonly guard?: {
    readonly enabled?: boolean;
    readonly window_seconds?: number;
    readonly keys?: number;
  };
  readonly error_rules?: readonly ErrorRule[];
}

export type Asked =
  | { readonly kind: 'right'; readonly body: { config: TriedPolicy; from: string; to: string } }
  | { readonly kind: 'wrong'; readonly fields: ReadonlySet<string> };

/** What each number may be. */
export const limits = {
  threshold: [0, 1_000],
  retries: [0, 100],
  rest: [1, 604_800],
  guardWindow: [1, 3_600],
  guardKeys: [2, 10_000],
  status: [100, 599],
  seconds: [1, 604_800],
} as const;
type Limited = keyof typeof limits;

export const verdicts: readonly Verdict[] = [
  'pass',
  'retry',
  'count',
  'cooldown',
  'blacklist',
  'upstream',
];

/** Reads the form; names the fields that cannot be sent, a rule's as `rule.0.status`. */
export function askedOf(form: WhatIfForm): Asked {
  const fields = new Set<string>();
  function whole(kind: Limited, text: string, field: string = kind): number | undefined {
    if (text.trim() === '') return undefined;
    const [min, max] = limits[kind];
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    fields.add(field);
    return undefined;
  }
  const threshold = whole('threshold', form.threshold);
  const retries = whole('retries', form.retries);
  const rest = whole('rest', form.rest);
  const guard = form.guard === 'on' ? guardOf(form, whole) : undefined;
  const rules = form.rules?.map((rule, at): ErrorRule => {
    const status = whole('status', rule.status, `rule.${at}.status`);
    if (status === undefined) fields.add(`rule.${at}.status`);
    const rests = rule.verdict === 'cooldown' || rule.verdict === 'upstream';
    const seconds = rests ? whole('seconds', rule.seconds, `rule.${at}.seconds`) : undefined;
    const { verdict, contains } = rule;
    return {
      status: status ?? 0,
      verdict,
      ...(contains === '' ? {} : { contains }),
      ...(seconds === undefined ? {} : { seconds }),
    };
  });
  const [from, to] = [fromLocalInput(form.from), fromLocalInput(form.to)];
  if (from === undefined) fields.add('from');
  if (to === undefined || (from !== undefined && to <= from)) fields.add('to');
  if (fields.size > 0 || from === undefined || to === undefined) return { kind: 'wrong', fields };
  const config = {
    ...(threshold === undefined ? {} : { blacklist_threshold: threshold }),
    ...(retries === undefined ? {} : { max_retries: retries }),
    ...(rest === undefined ? {} : { rest_seconds: rest }),
    ...(form.guard === 'off' ? { guard: { enabled: false } } : {}),
    ...(guard === undefined ? {} : { guard }),
    ...(rules === undefined ? {} : { error_rules: rules }),
  };
  return { kind: 'right', body: { config, from, to } };
}

function guardOf(
  form: WhatIfForm,
  whole: (kind: Limited, text: string) => number | undefined,
): TriedPolicy['guard'] {
  const [seconds, keys] = [
    whole('guardWindow', form.guardWindow),
    whole('guardKeys', form.guardKeys),
  ];
  return {
    enabled: true,
    ...(seconds === undefined ? {} : { window_seconds: seconds }),
    ...(keys === undefined ? {} : { keys }),
  };
}

/** The rules of a group, to be edited. */
export function typedRules(rules: readonly ErrorRule[]): readonly TypedRule[] {
  return rules.map(({ status, contains = '', verdict, seconds }) => ({
    status: String(status),
    contains,
    verdict,
    seconds: seconds === undefined ? '' : String(seconds),
  }));
}
