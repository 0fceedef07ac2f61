import { describe, expect, it } from 'vitest';
import { en } from '../i18n/en.ts';
import { fill, type Values } from '../i18n/fill.ts';
import { causeOf, eventTone } from './event-text.ts';

const texts = {
  t: (key: keyof typeof en, values?: Values) => fill(en[key], values, String),
  dateTime: String,
  sentence: (text: string) => text,
};

const event = (type: string, data: Record<string, unknown>) => ({
  id: '1',
  type,
  time: '',
  version: 1,
  actor: 'system',
  request_id: null,
  data,
});

describe('an event of a key', () => {
  it('says what caused it, without empty parts', () => {
    const data = { status: 401, rule: 'invalid-key', message: '', threshold: 3, streak: 2 };
    expect(causeOf(event('KeyFailed', data), texts)).toBe('401 · invalid-key · 2/3');
  });
  it('counts no failures where they did not decide', () => {
    const data = { status: 429, rule: 'quota', message: 'No more', threshold: 3, streak: 1 };
    expect(causeOf(event('KeyBlacklisted', data), texts)).toBe('429 · quota · No more');
    expect(causeOf(event('KeyCooled', data), texts)).toBe('429 · quota · No more');
    const third = { ...data, streak: 3 };
    expect(causeOf(event('KeyBlacklisted', third), texts)).toBe('429 · quota · 3/3 · No more');
  });
  it('is coloured by what it means', () => {
    expect(eventTone(event('KeyBlacklisted', {}))).toBe('bad');
    expect(eventTone(event('KeyChecked', { ok: true }))).toBe('good');
    expect(eventTone(event('KeyNoted', {}))).toBe('');
  });
});
