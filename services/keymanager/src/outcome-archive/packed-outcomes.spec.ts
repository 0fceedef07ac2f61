import { deflateRawSync } from 'node:zlib';
import type { KeyFailure, KeyOutcome, RecordedAttempt } from '@keymux/contracts';
import { expect, it } from 'vitest';
import { packOutcomes, unpackOutcomes } from './packed-outcomes.ts';

const heardMs = Date.parse('2026-01-01T00:00:10Z');
const said = 'You are going too fast. '.repeat(20);

const attempt = (random: number, more: Partial<RecordedAttempt> = {}): RecordedAttempt => ({
  kind: 'answered',
  error: { message: said, code: null, type: null },
  text: said,
  hint_ms: Math.floor(random * 9_000),
  sent: true,
  committed: false,
  method: 'POST',
  model: 'm',
  inference: true,
  random,
  number: 1,
  retry: 'other-key',
  alike: null,
  pool_size: 3,
  after_success: false,
  ...more,
});

const failure = (n: number, more: Partial<RecordedAttempt> = {}): KeyFailure => ({
  kind: 'failure',
  key_id: `key-${n}`,
  at: new Date(heardMs - n).toISOString(),
  verdict: 'cooldown',
  rule: 'rate-limit',
  status: 429,
  message: said,
  upstream: 'https://u',
  model: 'm',
  until: new Date(heardMs + 60_000 - n).toISOString(),
  request_id: `request-${n}`,
  attempt: attempt(n / 1_000, more),
});

const success: KeyOutcome = {
  kind: 'success',
  key_id: 'k',
  at: '2026-01-01T00:00:09.750Z',
  count: 3,
  request_id: 'r',
};

it('keeps once what failures of a batch have in common, and gives each back as it was', () => {
  const { attempt: _, ...old } = failure(3);
  const outcomes = [
    failure(1),
    failure(2),
    success,
    // As gateways told of it before they recorded attempts.
    old,
    failure(4, { number: 2 }),
    failure(1),
    { kind: 'no-key', at: 'whenever', model: 'm', request_id: 'n' } as const,
  ];
  const batch = { producer: 'p', threshold: 3, outcomes, versions: [1, 2, 3, 4, 5, 6, 0] };
  expect(unpackOutcomes(packOutcomes(batch), heardMs)).toEqual(batch);
  const many = (count: number): number => {
    const alike = Array.from({ length: count }, (__, n) => failure(n));
    return packOutcomes({ ...batch, outcomes: alike, versions: alike.map(() => 1) }).length;
  };
  expect((many(500) - many(100)) / 400).toBeLessThan(60);
});

it('reads what earlier versions kept', () => {
  const short = [['k', 3, 250, 'r'], failure(1)];
  const packed = deflateRawSync(JSON.stringify(['p', 3, [4, 5], short]));
  expect(unpackOutcomes(packed, heardMs)).toEqual({
    producer: 'p',
    threshold: 3,
    versions: [4, 5],
    outcomes: [success, failure(1)],
  });
});
