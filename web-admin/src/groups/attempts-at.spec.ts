import { describe, expect, it } from 'vitest';
import { attemptsAt, toneOf } from './attempts-at.ts';

type Rows = Parameters<typeof attemptsAt>[0];
const attempt = (
  upstream: string,
  verdict: Rows[number]['attempts'][number]['verdict'],
): Rows[number]['attempts'][number] => ({
  key_id: 'k',
  key: '',
  upstream,
  status: 200,
  verdict,
  rule: '',
  ms: 1,
});

describe('attempts at an upstream', () => {
  it('that failed count also where another upstream then served the request', () => {
    const rows = [
      { attempts: [attempt('https://down', 'upstream'), attempt('https://up', 'success')] },
      { attempts: [attempt('https://up', 'cooldown'), attempt('https://up', 'success')] },
      { attempts: [] },
    ];
    expect(attemptsAt(rows)).toEqual(
      new Map([
        ['https://down', { made: 1, failed: 1 }],
        ['https://up', { made: 3, failed: 0 }],
      ]),
    );
  });

  it('worry by the share that failed, and say nothing where none were made', () => {
    expect(toneOf({ made: 0, failed: 0 })).toBe('');
    expect(toneOf({ made: 200, failed: 2 })).toBe('good');
    expect(toneOf({ made: 200, failed: 20 })).toBe('warn');
    expect(toneOf({ made: 4, failed: 3 })).toBe('bad');
  });
});
