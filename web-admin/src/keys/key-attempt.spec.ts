import { expect, it } from 'vitest';
import type { Attempt } from '../api/generated.ts';
import { attemptOf } from './key-attempt.ts';

const attempt = (key_id: string, status: number | null, verdict: Attempt['verdict']): Attempt => ({
  key_id,
  key: '',
  upstream: '',
  status,
  verdict,
  rule: '',
  ms: status ?? 1,
});

it('tells of a request how it went for the key, not what another key made of it', () => {
  const attempts = [attempt('bad', 429, 'blacklist'), attempt('good', 200, 'success')];
  expect(attemptOf({ attempts }, 'bad')).toEqual({ status: 429, ms: 429, tone: 'bad' });
  expect(attemptOf({ attempts }, 'good')).toEqual({ status: 200, ms: 200, tone: 'good' });
});

it('tells nothing of a request in which the key had no part', () => {
  expect(attemptOf({ attempts: [attempt('good', null, 'upstream')] }, 'other')).toBeNull();
});
