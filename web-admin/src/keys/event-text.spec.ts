import { describe, expect, it } from 'vitest';
import { causeOf, eventTone } from './event-text.ts';

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
    expect(causeOf(event('KeyFailed', data))).toBe('401 · invalid-key · 2/3');
  });
  it('is coloured by what it means', () => {
    expect(eventTone(event('KeyBlacklisted', {}))).toBe('bad');
    expect(eventTone(event('KeyChecked', { ok: true }))).toBe('good');
    expect(eventTone(event('KeyNoted', {}))).toBe('');
  });
});
