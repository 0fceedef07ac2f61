import type { MessageKey } from '../i18n/en.ts';
import type { I18n } from '../i18n/i18n.ts';

/** Sentences in which the server refuses, and our message for each; what a pattern captures fills `what`. */
const known: readonly (readonly [RegExp, MessageKey])[] = [
  [/^is required$|^must not be empty$|^is needed /, 'refused.required'],
  [/^is there twice$|^must not repeat an entry$/, 'refused.twice'],
  [/^must be a whole number(?: from (.+ to .+)|, (.+))?$/, 'refused.wholeNumber'],
  [/^must be (.+)$/, 'refused.kind'],
  [/^must have at most (\d+) (?:characters|entries)$/, 'refused.long'],
  [/^must have at least (\d+) (?:characters|entries)$/, 'refused.short'],
  [/^must begin with (.+)$/, 'refused.begin'],
  [/^has the wrong form|^must match |^is not right$/, 'refused.form'],
  [/^is not an address such as (.+)$/, 'refused.address'],
  [/^is a private address/, 'refused.private'],
  [/^must not have (?:credentials|a query|spaces)/, 'refused.addressExtras'],
  [/^(\S+) is set by Keymux$/, 'refused.ourHeader'],
  [/^must not be the AUTH_KEY$/, 'refused.authKey'],
  [/^There is a group (\S+) already\.$/, 'refused.taken'],
  [/^There is no group (\S+)\.$/, 'refused.noGroup'],
  [/needs? at least one (?:upstream|member)$/, 'refused.noPlace'],
  [/needs a weight above 0$/, 'refused.noWeight'],
  [/^may be 64 KiB|^may be nested/, 'refused.big'],
  [/^It was changed meanwhile/, 'refused.stale'],
  [/^Some fields are wrong$/, 'refused.fields'],
  [/^Too many requests/, 'refused.tooMany'],
  [/^The body is too large$/, 'refused.large'],
  [/^The service is not ready$/, 'refused.notReady'],
  [/^Something went wrong/, 'refused.internal'],
];

/** What the server said, for a reader of another language; what is not known is quoted. */
export function refusalText({ t, language }: Pick<I18n, 't' | 'language'>, said: string): string {
  if (language() === 'en') return said;
  for (const [pattern, key] of known) {
    const found = pattern.exec(said);
    if (found !== null) return t(key, { what: found.slice(1).find((each) => each) ?? '' });
  }
  return t('refused.other', { what: said });
}
