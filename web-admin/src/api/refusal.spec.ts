import { describe, expect, it } from 'vitest';
import { fill, type Values } from '../i18n/fill.ts';
import { refusalText } from './refusal.ts';
import { zh } from '../i18n/zh.ts';

const reader = (language: 'en' | 'zh') => ({
  language: (() => language) as never,
  t: (key: keyof typeof zh, values?: Values) => fill(zh[key], values, String),
});

describe('what the server says no with', () => {
  it('is its own sentence for who reads English', () => {
    expect(refusalText(reader('en'), 'is there twice')).toBe('is there twice');
  });
  it.each([
    ['is there twice', zh['refused.twice']],
    [
      'must be a whole number from 0 to 100',
      zh['refused.wholeNumber'].replace('{what}', '0 to 100'),
    ],
    ['There is a group main already.', zh['refused.taken'].replace('{what}', 'main')],
    ['There is no group main.', zh['refused.noGroup'].replace('{what}', 'main')],
    ['host is set by Keymux', zh['refused.ourHeader'].replace('{what}', 'host')],
  ])('is %s in the language of another', (said, text) => {
    expect(refusalText(reader('zh'), said)).toBe(text);
  });
  it('is quoted when it is not known', () => {
    expect(refusalText(reader('zh'), 'says something new')).toContain('says something new');
  });
});
