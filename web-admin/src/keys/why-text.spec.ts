import { describe, expect, it } from 'vitest';
import { en } from '../i18n/en.ts';
import { fill, type Values } from '../i18n/fill.ts';
import { ja } from '../i18n/ja.ts';
import { zh } from '../i18n/zh.ts';
import { requestIn, whyText } from './why-text.ts';

const reader = (messages: Readonly<Record<keyof typeof en, string>>) => ({
  t: (key: keyof typeof en, values?: Values) => fill(messages[key], values, String),
  dateTime: (time: string | number) => `<${time}>`,
  sentence: (text: string) => text,
});

const at = '2026-11-25T08:30:00.000Z';
const quota = '429 from https://u “You exceeded (rule x) it.” (rule quota, request r-1)';
const unsaid = 'timeout from https://u (rule connect-timeout)';

describe('why a key is in its state', () => {
  it.each([
    [
      `Blacklisted at once: ${quota}.`,
      'Blacklisted at once: 429 from https://u “You exceeded (rule x) it.” (rule quota).',
    ],
    [
      `Blacklisted after 1 failure in a row: ${unsaid}.`,
      `Blacklisted after 1 failure in a row: ${unsaid}.`,
    ],
    [
      `Cooling down for gpt-5 until ${at}: ${unsaid}.`,
      `Cooling down for gpt-5 until <${at}>: ${unsaid}.`,
    ],
    [`Cooling down until ${at}: ${unsaid}.`, `Cooling down until <${at}>: ${unsaid}.`],
    [`Restored at ${at}: A probe passed.`, `Restored at <${at}>: A probe passed.`],
    [
      `Disabled by a person at ${at}. Blacklisted at once: ${unsaid}.`,
      `Disabled by a person at <${at}>. Blacklisted at once: ${unsaid}.`,
    ],
    [
      `Active after 2 failures in a row: ${quota}.`,
      'Active after 2 failures in a row: 429 from https://u “You exceeded (rule x) it.” (rule quota).',
    ],
    [
      `Active: a person took its last verdict back at ${at} (undo u-1).`,
      `Active: a person took its last verdict back at <${at}>.`,
    ],
  ])('is told in English: %s', (said, text) => {
    expect(whyText(reader(en), said)).toBe(text);
  });

  it.each([
    `Blacklisted at once: ${quota}.`,
    `Blacklisted after 3 failures in a row: ${quota}.`,
    `Cooling down for gpt-5 until ${at}: ${quota}.`,
    `Cooling down until ${at}: ${unsaid}.`,
    `Restored at ${at}: A probe passed.`,
    `Restored at ${at}: A person restored it.`,
    `Disabled by a person at ${at}.`,
    `Active after 1 failure in a row: ${unsaid}.`,
    `Active: a person took its last verdict back at ${at} (undo u-1).`,
    'Active: no failure counts against it.',
    'Several keys failed alike at https://u with 401 (rule unauthorized) while none succeeded there: the address or the upstream is to blame, not the key.',
  ])('has no word of English left for a reader of Chinese or Japanese: %s', (said) => {
    for (const messages of [zh, ja]) {
      // What a provider said, and names, stay as they are.
      const ours = whyText(reader(messages), said)
        .replace('You exceeded (rule x) it.', '')
        .replaceAll(/quota|connect-timeout|timeout|unauthorized|gpt-5|https:\/\/u|<[^>]+>/g, '');
      expect(ours).not.toMatch(/[A-Za-z]/);
    }
  });

  it('is told as the server told it when it is something new', () => {
    expect(whyText(reader(zh), 'Lost at sea.')).toBe('Lost at sea.');
  });

  it('names the request that led to it', () => {
    expect(requestIn(`Blacklisted at once: ${quota}.`)).toBe('r-1');
    expect(requestIn(`Blacklisted at once: ${unsaid}.`)).toBeUndefined();
  });
});
