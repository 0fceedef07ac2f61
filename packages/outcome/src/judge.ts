import type { ErrorFacts } from '@keymux/channels';
import type { AttemptOutcome } from './attempt-outcome.ts';
import {
  saysExhausted,
  saysFlagged,
  saysKeyInvalid,
  saysNoModel,
  saysOverloaded,
  speaksOfKey,
} from './error-meaning.ts';
import { ruledByGroup } from './error-rule.ts';
import type { JudgeContext, Judgement, Rest, Retry } from './judgement.ts';
import { resetHint } from './reset-hint.ts';
import type { Ruling } from './ruling.ts';
import { type Subject, subjectOf } from './subject.ts';

export type { JudgeContext, Judgement } from './judgement.ts';

interface Row {
  readonly rule: string;
  readonly when: (subject: Subject, context: JudgeContext) => boolean;
  readonly means: Ruling;
}

/** A limit that ends "now" was met all the same: whoever asks again at once is a part of it. */
const shortestRestMs = 1_000;

const page = /^\s*<(?:!doctype|html)[^]*<(?:title|body|h1)\b/i;

const status = ({ status: it }: Subject): number => it ?? 0;

const upstreamFault = {
  verdict: 'upstream',
  scope: 'upstream',
  retry: 'other-upstream',
  atFault: 'upstream',
} as const satisfies Ruling;
const countsAgainstKey = {
  verdict: 'count',
  scope: 'key',
  retry: 'other-key',
  atFault: 'key',
  guarded: true,
} as const satisfies Ruling;
const keyRests = {
  verdict: 'cooldown',
  scope: 'key-model',
  retry: 'other-key',
  atFault: 'key',
} as const satisfies Ruling;

/** The table of the design, in order: the first row that fits rules. Group rules come before it. */
const table: readonly Row[] = [
  {
    rule: 'client-gone',
    when: (it) => it.kind === 'client-gone',
    means: { verdict: 'client', scope: 'client', retry: 'no', atFault: 'client' },
  },
  {
    rule: 'empty',
    when: (it, { method }) => it.kind === 'empty' && method !== 'HEAD',
    means: upstreamFault,
  },
  {
    rule: 'overloaded',
    when: (it) => saysOverloaded(status(it), it.error),
    means: {
      ...upstreamFault,
      scope: 'upstream-model',
      rest: { usualMs: 10_000, longestMs: 60_000 },
    },
  },
  {
    // Relays say so of a model that none of their channels has: other models go on there.
    rule: 'model-unserved',
    when: (it) => status(it) >= 500 && it.error !== null && saysNoModel(it.error),
    means: {
      ...upstreamFault,
      scope: 'upstream-model',
      rest: { usualMs: 10_000, longestMs: 60_000 },
    },
  },
  {
    rule: 'quota',
    when: (it, { model }) =>
      status(it) === 402 || (it.error !== null && saysExhausted(status(it), it.error, model)),
    means: { ...countsAgainstKey, verdict: 'blacklist' },
  },
  {
    rule: 'unauthorized',
    when: (it) => status(it) === 401,
    means: countsAgainstKey,
  },
  {
    rule: 'key-invalid',
    when: (it, { model }) => it.error !== null && blamesKey(status(it), it.error, model),
    means: countsAgainstKey,
  },
  {
    rule: 'rate-limit',
    when: (it) => status(it) === 429,
    means: { ...keyRests, rest: { usualMs: 60_000, settable: true }, guarded: 'unless-hinted' },
  },
  {
    rule: 'flagged',
    when: (it, { model }) =>
      status(it) === 403 && it.error !== null && saysFlagged(it.error, model),
    means: { verdict: 'pass', scope: 'request', retry: 'no', atFault: 'client' },
  },
  {
    // A firewall before the provider, which looks at addresses and at what clients write.
    rule: 'blocked',
    when: (it) => status(it) === 403 && page.test(it.bodyText),
    means: { verdict: 'retry', scope: 'request', retry: 'other-upstream', atFault: 'upstream' },
  },
  {
    // A key that may not list models is no worse for those that it may use.
    rule: 'forbidden-call',
    when: (it, { model }) => status(it) === 403 && model === null,
    means: { verdict: 'retry', scope: 'request', retry: 'other-key', atFault: 'key' },
  },
  {
    rule: 'forbidden',
    when: (it) => status(it) === 403,
    means: { ...keyRests, rest: { usualMs: 300_000 }, guarded: true },
  },
  {
    rule: 'error-event',
    when: (it) => it.kind === 'error-event' && (it.status === null || it.status >= 500),
    means: upstreamFault,
  },
  { rule: 'upstream-error', when: (it) => status(it) >= 500, means: upstreamFault },
  {
    rule: 'request',
    when: (it) => status(it) >= 400,
    means: { verdict: 'pass', scope: 'request', retry: 'no', atFault: 'client' },
  },
  {
    rule: 'redirect',
    when: (it) => status(it) >= 300,
    means: { verdict: 'pass', scope: 'request', retry: 'no', atFault: null },
  },
  {
    rule: 'success',
    when: (it) => it.status !== null,
    means: { verdict: 'success', scope: 'none', retry: 'no', atFault: null },
  },
];

/** The names of the table's rows, in order. */
export const ruleNames: readonly string[] = table.map(({ rule }) => rule);

/** What an attempt's outcome means for the key, the upstream, the model and the request. Pure. */
export function judge(outcome: AttemptOutcome, context: JudgeContext): Judgement {
  const subject = subjectOf(outcome);
  const { rule, means } = rowFor(subject, context);
  const hint = means.rest === undefined ? null : resetHint({ ...subject, nowMs: context.nowMs });
  const cooldown = restOf(means, hint, context);
  return {
    verdict: means.verdict,
    // Without a model there is no pair to rest: it is the upstream as a whole.
    scope: means.scope === 'upstream-model' && cooldown === null ? 'upstream' : means.scope,
    rule,
    message: means.verdict === 'success' ? '' : subject.message,
    retry: retryOf(means, subject, context),
    cooldown,
    at_fault: means.atFault,
    alike: guards(means, hint)
      ? alikeOf(rule, subject, means.scope === 'key-model' ? context.model : null)
      : null,
  };
}

function rowFor(
  subject: Subject,
  context: JudgeContext,
): { readonly rule: string; readonly means: Ruling } {
  return (
    ruledByGroup(subject, context.errorRules) ??
    table.find((row) => row.when(subject, context)) ??
      // Every failure of a connection and every timeout, named for what happened.
      { rule: subject.kind, means: upstreamFault }
  );
}

function blamesKey(status: number, error: ErrorFacts, model: string | null): boolean {
  if (status === 403 && speaksOfKey(error, model)) return true;
  return status >= 400 && status < 500 && saysKeyInvalid(error);
}

function restOf(means: Ruling, hint: number | null, context: JudgeContext): Rest | null {
  const { rest, scope } = means;
  const { nowMs, model, random } = context;
  if (rest === undefined || (scope === 'upstream-model' && model === null)) return null;
  if ('exactMs' in rest) return { model, untilMs: nowMs + rest.exactMs };
  const usual = rest.settable === true ? (context.usualRestMs ?? rest.usualMs) : rest.usualMs;
  const usualMs = nowMs + usual * (0.9 + random * 0.2);
  const longestMs = nowMs + (rest.longestMs ?? Number.POSITIVE_INFINITY);
  const toldMs = hint === null ? usualMs : Math.max(hint, nowMs + shortestRestMs);
  return { model, untilMs: Math.ceil(Math.min(toldMs, longestMs)) };
}

function retryOf(means: Ruling, subject: Subject, { inference }: JudgeContext): Retry {
  if (subject.committed) return 'no';
  if (means.atFault === 'upstream' && subject.mayHaveActed && !inference) return 'no';
  return means.retry;
}

function guards({ guarded }: Ruling, hint: number | null): boolean {
  return guarded === 'unless-hinted' ? hint === null : guarded === true;
}

function alikeOf(rule: string, subject: Subject, model: string | null): string {
  const alike = `${rule}:${subject.status ?? subject.kind}`;
  return model === null ? alike : `${alike}:${model}`;
}
