import { readFileSync } from 'node:fs';
import type { ErrorFacts } from '@keymux/channels';
import { channelNames } from '@keymux/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttemptOutcome } from './attempt-outcome.ts';
import { judge, type Judgement, ruleNames } from './judge.ts';
import { recordedErrors } from './recorded-errors.ts';
import { answered, context, model, nowMs } from './told-outcomes.ts';

const meanings: Record<keyof typeof recordedErrors, Partial<Judgement>> = {
  unauthorized: {
    verdict: 'count',
    scope: 'key',
    retry: 'other-key',
    at_fault: 'key',
    cooldown: null,
  },
  quota: {
    verdict: 'blacklist',
    scope: 'key',
    retry: 'other-key',
    at_fault: 'key',
    cooldown: null,
  },
  'rate-limit': {
    verdict: 'cooldown',
    scope: 'key-model',
    retry: 'other-key',
    at_fault: 'key',
    cooldown: { model, untilMs: nowMs + 60_000 },
  },
  overloaded: {
    verdict: 'upstream',
    scope: 'upstream-model',
    retry: 'other-upstream',
    at_fault: 'upstream',
    cooldown: { model, untilMs: nowMs + 10_000 },
    alike: null,
  },
  forbidden: {
    verdict: 'cooldown',
    scope: 'key-model',
    retry: 'other-key',
    at_fault: 'key',
    cooldown: { model, untilMs: nowMs + 300_000 },
    alike: `forbidden:403:${model}`,
  },
  'key-invalid': { verdict: 'count', scope: 'key', retry: 'other-key', at_fault: 'key' },
  'upstream-error': {
    verdict: 'upstream',
    scope: 'upstream',
    retry: 'other-upstream',
    at_fault: 'upstream',
    cooldown: null,
    alike: null,
  },
  request: { verdict: 'pass', scope: 'request', retry: 'no', at_fault: 'client', alike: null },
};

describe('an error answer', () => {
  const cases = Object.entries(meanings).flatMap(([rule, meaning]) =>
    channelNames.map((channel) => ({ rule, channel, meaning })),
  );
  it.each(cases)('of $channel is judged by the row "$rule"', ({ rule, channel, meaning }) => {
    const [status, body] =
      Object.entries(recordedErrors).find(([each]) => each === rule)?.[1][channel] ?? [];
    const judgement = judge(answered(status ?? 0, body, { channel }), context());
    expect(judgement).toMatchObject({ rule, ...meaning });
    expect(judgement.message).not.toBe('');
  });

  it('is judged by its status where the body says nothing', () => {
    const rules = [
      400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 429, 500, 502, 503, 504, 529,
    ];
    for (const body of ['', '<html>', '{"a', '[]', 'null', '\u0000\ufffd']) {
      expect(rules.map((status) => judge(answered(status, body), context()).rule)).toEqual([
        'request',
        'unauthorized',
        'quota',
        'forbidden',
        ...Array.from({ length: 7 }, () => 'request'),
        'rate-limit',
        ...Array.from({ length: 4 }, () => 'upstream-error'),
        'overloaded',
      ]);
    }
  });

  it('that the provider words like another is not taken for it', () => {
    const forbidden = { error: { message: 'No access to model suspended-billing', code: null } };
    expect(judge(answered(403, forbidden), context({ model: 'suspended-billing' })).rule).toBe(
      'forbidden',
    );
    const quoted = { error: { message: 'Unknown tool "deactivated api key"', code: null } };
    expect(judge(answered(403, quoted), context()).rule).toBe('forbidden');
    expect(judge(answered(400, { error: { message: 'billing: suspended' } }), context()).rule).toBe(
      'request',
    );
  });

  it('401 of a deactivated account blacklists at once', () => {
    const body = {
      error: { message: 'The account of this key has been deactivated.', code: null },
    };
    expect(judge(answered(401, body), context())).toMatchObject({
      rule: 'quota',
      verdict: 'blacklist',
    });
  });

  it('403 without a model costs the key nothing', () => {
    expect(judge(answered(403, '{}'), context({ model: null, method: 'GET' }))).toMatchObject({
      rule: 'forbidden-call',
      verdict: 'retry',
      scope: 'request',
      retry: 'other-key',
      cooldown: null,
    });
  });

  it('429 without a model rests the whole key', () => {
    expect(judge(answered(429), context({ model: null })).cooldown).toEqual({
      model: null,
      untilMs: nowMs + 60_000,
    });
  });

  it('of an overloaded upstream without a model is the whole upstream’s', () => {
    expect(judge(answered(529), context({ model: null }))).toMatchObject({
      scope: 'upstream',
      cooldown: null,
    });
  });
});

describe('a rest', () => {
  it('lasts as long as the answer says', () => {
    const limited = answered(429, {}, { headers: { 'retry-after': '7' } });
    expect(judge(limited, context()).cooldown?.untilMs).toBe(nowMs + 7_000);
    const overloaded = answered(529, {}, { headers: { 'retry-after': '3' } });
    expect(judge(overloaded, context()).cooldown?.untilMs).toBe(nowMs + 3_000);
  });

  it('lasts a second where the answer says that the limit ends at once', () => {
    for (const name of ['retry-after', 'retry-after-ms', 'x-ratelimit-reset-requests']) {
      const limited = answered(429, {}, { headers: { [name]: '0' } });
      expect(judge(limited, context()).cooldown?.untilMs).toBe(nowMs + 1_000);
    }
  });

  it('of an upstream is short whatever the answer says', () => {
    const overloaded = answered(529, {}, { headers: { 'retry-after': '3600' } });
    expect(judge(overloaded, context()).cooldown?.untilMs).toBe(nowMs + 60_000);
  });

  it('is jittered by a tenth where the answer says nothing', () => {
    const until = (random: number) => judge(answered(429), context({ random })).cooldown?.untilMs;
    expect([until(0), until(1)]).toEqual([nowMs + 54_000, nowMs + 66_000]);
  });
});

describe('the mass-failure guard', () => {
  it('is asked where a key is punished, and for a 429 that does not say when it ends', () => {
    const alike = (outcome: AttemptOutcome) => judge(outcome, context()).alike;
    expect(alike(answered(401))).toBe('unauthorized:401');
    expect(alike(answered(402))).toBe('quota:402');
    expect(alike(answered(429))).toBe(`rate-limit:429:${model}`);
    expect(alike(answered(429, {}, { headers: { 'retry-after': '1' } }))).toBeNull();
    expect(alike(answered(500))).toBeNull();
    expect(alike(answered(200))).toBeNull();
  });
});

describe('whatever comes', () => {
  const error: fc.Arbitrary<ErrorFacts | null> = fc.option(
    fc.record({ message: fc.string(), code: fc.option(fc.string()), type: fc.option(fc.string()) }),
  );
  const outcome: fc.Arbitrary<AttemptOutcome> = fc.record({
    kind: fc.constant('answered' as const),
    status: fc.integer({ min: 100, max: 999 }),
    headers: fc.dictionary(
      fc.constantFrom(
        'retry-after',
        'retry-after-ms',
        'x-ratelimit-reset',
        'x-ratelimit-remaining',
      ),
      fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String)),
    ),
    error,
    bodyText: fc.oneof(fc.string(), fc.json()),
  });

  it('is judged, never for more than a week, and never tried again when the client erred', () => {
    fc.assert(
      fc.property(outcome, fc.double({ min: 0, max: 1, noNaN: true }), (each, random) => {
        const judgement = judge(each, context({ random }));
        expect(judgement.rule).not.toBe('');
        if (judgement.at_fault === 'client') expect(judgement.retry).toBe('no');
        if (judgement.cooldown === null) return;
        expect(Number.isSafeInteger(judgement.cooldown.untilMs)).toBe(true);
        expect(judgement.cooldown.untilMs).toBeGreaterThanOrEqual(nowMs);
        expect(judgement.cooldown.untilMs).toBeLessThanOrEqual(nowMs + 7 * 86_400_000);
      }),
    );
  });
});

describe('the table of judging', () => {
  it('stands in docs/judging.md, row by row', () => {
    const page = readFileSync(new URL('../../../docs/judging.md', import.meta.url), 'utf8');
    const [table = ''] = page.split('\n## ');
    const rows = Array.from(table.matchAll(/^\| `([\w-]+)` +\|/gm), ([, name]) => name);
    expect(rows).toEqual(ruleNames);
  });
});
