import type { ErrorRule } from '@keymux/contracts';
import type { Ruling } from './ruling.ts';
import type { Subject } from './subject.ts';

/** The first of a group's rules that an outcome meets, and what it means. */
export function ruledByGroup(
  subject: Subject,
  rules: readonly ErrorRule[],
): { readonly rule: string; readonly means: Ruling } | null {
  const at = rules.findIndex((rule) => meets(subject, rule));
  const rule = rules[at];
  return rule === undefined ? null : { rule: `error-rule:${at + 1}`, means: rulingOf(rule) };
}

function meets(subject: Subject, rule: ErrorRule): boolean {
  // An error event came with 200, and stands for another status: both are a way to name it.
  const named =
    rule.status === subject.status || (rule.status === 200 && subject.kind === 'error-event');
  if (!named) return false;
  if (rule.contains === undefined) return true;
  const wanted = rule.contains.toLowerCase();
  return `${subject.bodyText}\n${subject.message}`.toLowerCase().includes(wanted);
}

function rulingOf(rule: ErrorRule): Ruling {
  const restMs = rule.seconds === undefined ? null : rule.seconds * 1000;
  switch (rule.verdict) {
    case 'pass':
      return { verdict: 'pass', scope: 'request', retry: 'no', atFault: 'client' };
    case 'retry':
      return { verdict: 'retry', scope: 'request', retry: 'other-key', atFault: 'upstream' };
    case 'count':
      return { verdict: 'count', scope: 'key', retry: 'other-key', atFault: 'key', guarded: true };
    case 'blacklist':
      return {
        verdict: 'blacklist',
        scope: 'key',
        retry: 'other-key',
        atFault: 'key',
        guarded: true,
      };
    case 'cooldown':
      return {
        verdict: 'cooldown',
        scope: 'key-model',
        retry: 'other-key',
        atFault: 'key',
        rest: restMs === null ? { usualMs: 60_000 } : { exactMs: restMs },
      };
    case 'upstream':
      return {
        verdict: 'upstream',
        scope: restMs === null ? 'upstream' : 'upstream-model',
        retry: 'other-upstream',
        atFault: 'upstream',
        ...(restMs === null ? {} : { rest: { exactMs: restMs } }),
      };
  }
}
