import type { I18n } from '../i18n/i18n.ts';

type Texts = Pick<I18n, 't' | 'dateTime' | 'sentence'>;
type Found = readonly (string | undefined)[];

const moment = String.raw`(\d{4}-\d\d-\d\dT[\d:.]+Z)`;
const answer = String.raw`(\S+) from (\S+)(?: “(.*)”)? \(rule (\S+?)(?:, request \S+)?\)`;
const sentence = (pattern: string): RegExp => new RegExp(`^${pattern}$`, 's');

/** Sentences of the server about a key, and how a reader of any language has them. */
const known: readonly (readonly [RegExp, (texts: Texts, found: Found) => string])[] = [
  [
    sentence(`Blacklisted at once: ${answer}\\.`),
    ({ t }, of) => t('why.blacklistedAtOnce', { answer: answerText(t, of) }),
  ],
  [
    sentence(`Blacklisted after (\\d+) failures? in a row: ${answer}\\.`),
    ({ t }, [n, ...of]) => t('why.blacklisted', { n: Number(n), answer: answerText(t, of) }),
  ],
  [
    sentence(`Cooling down until ${moment}: ${answer}\\.`),
    (texts, [until = '', ...of]) =>
      texts.t('why.cooling', { time: texts.dateTime(until), answer: answerText(texts.t, of) }),
  ],
  [
    sentence(`Cooling down for (.+?) until ${moment}: ${answer}\\.`),
    (texts, [model = '', until = '', ...of]) =>
      texts.t('why.coolingFor', {
        model,
        time: texts.dateTime(until),
        answer: answerText(texts.t, of),
      }),
  ],
  [
    sentence(`Restored at ${moment}: (.+)`),
    (texts, [at = '', said = '']) =>
      texts.t('why.restored', { time: texts.dateTime(at), said: whyText(texts, said) }),
  ],
  [
    sentence(`Disabled by a person at ${moment}\\.(?: (Blacklisted .+))?`),
    (texts, [at = '', before]) =>
      texts.t('why.disabled', { time: texts.dateTime(at) }) +
      (before === undefined ? '' : ` ${whyText(texts, before)}`),
  ],
  [
    sentence(`Active after (\\d+) failures? in a row: ${answer}\\.`),
    ({ t }, [n, ...of]) => t('why.activeAfter', { n: Number(n), answer: answerText(t, of) }),
  ],
  [
    sentence(`Active: a person took its last verdict back at ${moment} \\(undo \\S+\\)\\.`),
    (texts, [at = '']) => texts.t('why.undone', { time: texts.dateTime(at) }),
  ],
  [sentence('Active: no failure counts against it\\.'), ({ t }) => t('why.active')],
  [sentence('A probe passed\\.'), ({ t }) => t('why.probed')],
  [sentence('A person restored it\\.'), ({ t }) => t('why.byPerson')],
  [
    sentence(String.raw`Several keys failed alike at (\S+) with (\S+)(?: \(rule \S+\))? while .+`),
    ({ t }, [upstream = '', what = '']) => t('why.alike', { upstream, what }),
  ],
];

/**
 * Why a key is in its state, in the language of the reader and without the id of the request, which a link stands for.
 * What is not known is told as the server told it.
 */
export function whyText(texts: Texts, why: string): string {
  for (const [pattern, tell] of known) {
    const found = pattern.exec(why);
    if (found !== null) return tell(texts, found.slice(1));
  }
  return texts.sentence(why);
}

/** The request that led to it; undefined where none did. */
export function requestIn(why: string): string | undefined {
  return /\(rule \S+, request (\S+)\)/.exec(why)?.[1];
}

function answerText(t: Texts['t'], [what = '', upstream = '', said, rule = '']: Found): string {
  return said === undefined
    ? t('why.answer', { what, upstream, rule })
    : t('why.answerSaid', { what, upstream, said, rule });
}
