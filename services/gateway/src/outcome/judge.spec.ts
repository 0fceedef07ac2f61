import { channelByName } from '@keymux/channels';
import { channelNames, type ChannelName, type ErrorRule } from '@keymux/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttemptOutcome, FailureKind, HeaderFacts } from './attempt-outcome.ts';
import { judge, type JudgeContext, type Judgement } from './judge.ts';

const nowMs = Date.UTC(2026, 0, 15, 12);
const model = 'm-1';

function context(changes: Partial<JudgeContext> = {}): JudgeContext {
  return {
    nowMs,
    model,
    random: 0.5,
    errorRules: [],
    inference: true,
    method: 'POST',
    ...changes,
  };
}

function answered(
  status: number,
  body: unknown = {},
  { channel = 'openai', headers = {} }: { channel?: ChannelName; headers?: HeaderFacts } = {},
): AttemptOutcome {
  const bodyText = typeof body === 'string' ? body : JSON.stringify(body);
  const error = status < 400 ? null : channelByName(channel).errorFacts(status, headers, bodyText);
  return { kind: 'answered', status, headers, error, bodyText };
}

function errorEvent(
  error: { message?: string; code?: string | null; type?: string | null },
  committed = false,
): AttemptOutcome {
  return {
    kind: 'error-event',
    error: { message: 'm', code: null, type: null, ...error },
    committed,
  };
}

function failed(kind: FailureKind, { sent = true, committed = false } = {}): AttemptOutcome {
  return { kind, message: '', sent, committed };
}

/** The same error as each provider words it. */
const shapes = {
  unauthorized: {
    openai: [
      401,
      {
        error: {
          message: 'Incorrect API key provided: sk-a***b.',
          type: 'invalid_request_error',
          param: null,
          code: 'invalid_api_key',
        },
      },
    ],
    'openai-response': [
      401,
      {
        error: {
          message: 'Incorrect API key provided.',
          type: 'invalid_request_error',
          code: 'invalid_api_key',
        },
      },
    ],
    gemini: [
      401,
      {
        error: {
          code: 401,
          message: 'Request had invalid authentication credentials.',
          status: 'UNAUTHENTICATED',
        },
      },
    ],
    anthropic: [
      401,
      { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } },
    ],
  },
  quota: {
    openai: [
      429,
      {
        error: {
          message: 'You exceeded your current quota, please check your plan and billing details.',
          type: 'insufficient_quota',
          code: 'insufficient_quota',
        },
      },
    ],
    'openai-response': [
      429,
      {
        error: {
          message: 'Your account is not active, please check your billing details on our website.',
          type: 'billing_not_active',
          code: 'billing_not_active',
        },
      },
    ],
    gemini: [
      403,
      {
        error: {
          code: 403,
          message: "Permission denied: Consumer 'api_key:AIza' has been suspended.",
          status: 'PERMISSION_DENIED',
          details: [
            { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'CONSUMER_SUSPENDED' },
          ],
        },
      },
    ],
    anthropic: [
      400,
      {
        type: 'error',
        error: {
          type: 'invalid_request_error',
          message:
            'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
        },
      },
    ],
  },
  'rate-limit': {
    openai: [
      429,
      {
        error: {
          message:
            'Rate limit reached for m-1 on requests per min (RPM): Limit 3. Increase it by adding a payment method at https://platform.openai.com/account/billing.',
          type: 'requests',
          code: 'rate_limit_exceeded',
        },
      },
    ],
    'openai-response': [
      429,
      { error: { message: 'Rate limit reached', type: 'tokens', code: 'rate_limit_exceeded' } },
    ],
    gemini: [
      429,
      [
        {
          error: {
            code: 429,
            message: 'You exceeded your current quota, please check your plan and billing details.',
            status: 'RESOURCE_EXHAUSTED',
          },
        },
      ],
    ],
    anthropic: [
      429,
      {
        type: 'error',
        error: {
          type: 'rate_limit_error',
          message: "This request would exceed your organization's rate limit",
        },
      },
    ],
  },
  overloaded: {
    openai: [
      503,
      {
        error: {
          message: 'The engine is currently overloaded, please try again later',
          type: 'server_error',
        },
      },
    ],
    'openai-response': [
      503,
      {
        error: {
          message: 'Our servers are overloaded',
          type: 'service_unavailable_error',
          code: 'server_overloaded',
        },
      },
    ],
    gemini: [
      503,
      {
        error: {
          code: 503,
          message: 'The model is overloaded. Please try again later.',
          status: 'UNAVAILABLE',
        },
      },
    ],
    anthropic: [529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }],
  },
  forbidden: {
    openai: [
      403,
      {
        error: {
          message: 'Project `p` does not have access to model `m-1`',
          type: 'invalid_request_error',
          code: 'model_not_found',
        },
      },
    ],
    'openai-response': [
      403,
      {
        error: {
          message: 'Country, region, or territory not supported',
          type: 'request_forbidden',
          code: 'unsupported_country_region_territory',
        },
      },
    ],
    gemini: [
      403,
      {
        error: {
          code: 403,
          message: 'The caller does not have permission',
          status: 'PERMISSION_DENIED',
        },
      },
    ],
    anthropic: [
      403,
      {
        type: 'error',
        error: {
          type: 'permission_error',
          message: 'Your API key does not have permission to use the specified resource',
        },
      },
    ],
  },
  'key-invalid': {
    openai: [
      403,
      {
        error: {
          message: 'This API key has been disabled',
          type: 'invalid_request_error',
          code: null,
        },
      },
    ],
    'openai-response': [
      403,
      { error: { message: 'The access key is blocked', type: 'permission_error', code: null } },
    ],
    gemini: [
      400,
      {
        error: {
          code: 400,
          message: 'API key not valid. Please pass a valid API key.',
          status: 'INVALID_ARGUMENT',
          details: [
            { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' },
          ],
        },
      },
    ],
    anthropic: [
      403,
      {
        type: 'error',
        error: { type: 'permission_error', message: 'This credential was revoked' },
      },
    ],
  },
  'upstream-error': {
    openai: [
      500,
      { error: { message: 'The server had an error', type: 'server_error', code: null } },
    ],
    'openai-response': [502, '<html><head><title>502 Bad Gateway</title></head></html>'],
    gemini: [
      500,
      { error: { code: 500, message: 'An internal error has occurred.', status: 'INTERNAL' } },
    ],
    anthropic: [
      500,
      { type: 'error', error: { type: 'api_error', message: 'Internal server error' } },
    ],
  },
  request: {
    openai: [
      404,
      {
        error: {
          message: 'The model `x` does not exist',
          type: 'invalid_request_error',
          code: 'model_not_found',
        },
      },
    ],
    'openai-response': [
      400,
      {
        error: {
          message: "Invalid value: 'billing suspended'",
          type: 'invalid_request_error',
          code: 'invalid_value',
        },
      },
    ],
    gemini: [
      400,
      { error: { code: 400, message: 'Invalid JSON payload', status: 'INVALID_ARGUMENT' } },
    ],
    anthropic: [413, { type: 'error', error: { type: 'request_too_large', message: 'too large' } }],
  },
} as const satisfies Record<string, Record<ChannelName, readonly [number, unknown]>>;

const meanings: Record<keyof typeof shapes, Partial<Judgement>> = {
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
      Object.entries(shapes).find(([each]) => each === rule)?.[1][channel] ?? [];
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

describe('an answer without an error', () => {
  it('is a success, a redirect, or empty', () => {
    expect(judge(answered(200), context())).toEqual({
      verdict: 'success',
      scope: 'none',
      rule: 'success',
      message: '',
      retry: 'no',
      cooldown: null,
      at_fault: null,
      alike: null,
    });
    expect(judge(answered(307), context())).toMatchObject({ verdict: 'pass', rule: 'redirect' });
    expect(judge({ kind: 'empty', status: 200 }, context())).toMatchObject({
      verdict: 'upstream',
      rule: 'empty',
      retry: 'other-upstream',
    });
    expect(judge({ kind: 'empty', status: 200 }, context({ method: 'HEAD' })).verdict).toBe(
      'success',
    );
  });
});

describe('an error event', () => {
  it('before content counts against the upstream and is tried elsewhere', () => {
    for (const type of ['api_error', 'server_error', null]) {
      expect(judge(errorEvent({ type }), context())).toMatchObject({
        verdict: 'upstream',
        scope: 'upstream',
        rule: 'error-event',
        retry: 'other-upstream',
      });
    }
  });

  it('means what it would have meant as a status', () => {
    const ruleOf = (code: string | null, type: string | null) =>
      judge(errorEvent({ code, type }), context()).rule;
    expect(ruleOf(null, 'overloaded_error')).toBe('overloaded');
    expect(ruleOf('rate_limit_exceeded', 'tokens')).toBe('rate-limit');
    expect(ruleOf('429', 'RESOURCE_EXHAUSTED')).toBe('rate-limit');
    expect(ruleOf('insufficient_quota', null)).toBe('quota');
    expect(ruleOf('invalid_api_key', 'invalid_request_error')).toBe('unauthorized');
    expect(ruleOf('503', 'UNAVAILABLE')).toBe('error-event');
    expect(judge(errorEvent({ type: 'invalid_request_error' }), context())).toMatchObject({
      verdict: 'pass',
      retry: 'no',
    });
  });

  it('after a part was sent is judged alike and not tried again', () => {
    expect(judge(errorEvent({ type: 'overloaded_error' }, true), context())).toMatchObject({
      rule: 'overloaded',
      retry: 'no',
    });
  });
});

describe('a failure without an answer', () => {
  const kinds = [
    'connect-error',
    'connect-timeout',
    'tls-error',
    'reset',
    'invalid-response',
    'header-timeout',
    'first-byte-timeout',
    'stream-idle-timeout',
    'cut-short',
  ] as const satisfies readonly FailureKind[];

  it.each(kinds)('%s is the upstream’s and is tried elsewhere', (kind) => {
    expect(judge(failed(kind), context())).toMatchObject({
      verdict: 'upstream',
      scope: 'upstream',
      rule: kind,
      retry: 'other-upstream',
      at_fault: 'upstream',
      message: kind,
      alike: null,
    });
    expect(judge(failed(kind, { committed: true }), context()).retry).toBe('no');
  });

  it('is not tried again for a call that creates something, once it was sent', () => {
    const creating = context({ inference: false });
    expect(judge(failed('reset'), creating).retry).toBe('no');
    expect(judge(failed('header-timeout'), creating).retry).toBe('no');
    expect(judge(failed('reset', { sent: false }), creating).retry).toBe('other-upstream');
    expect(judge(failed('connect-error', { sent: false }), creating).retry).toBe('other-upstream');
    expect(judge(answered(500), creating).retry).toBe('no');
    expect(judge({ kind: 'empty', status: 200 }, creating).retry).toBe('no');
    expect(judge(answered(503), creating).retry).toBe('other-upstream');
    expect(judge(answered(429), creating).retry).toBe('other-key');
    expect(judge(answered(401), creating).retry).toBe('other-key');
  });

  it('of the client is nobody’s', () => {
    expect(judge({ kind: 'client-gone' }, context())).toMatchObject({
      verdict: 'client',
      scope: 'client',
      retry: 'no',
      at_fault: 'client',
      alike: null,
    });
  });
});

describe('a group’s error rules', () => {
  const ruled = (rule: ErrorRule, outcome = answered(418, { error: { message: 'Tea Pot' } })) =>
    judge(outcome, context({ errorRules: [{ status: 499, verdict: 'pass' }, rule] }));

  it('come before the table, by status and by what the body contains', () => {
    expect(ruled({ status: 418, contains: 'tea pot', verdict: 'blacklist' })).toMatchObject({
      rule: 'error-rule:2',
      verdict: 'blacklist',
      scope: 'key',
    });
    expect(ruled({ status: 418, contains: 'coffee', verdict: 'blacklist' }).rule).toBe('request');
    expect(ruled({ status: 401, verdict: 'pass' }, answered(401))).toMatchObject({
      verdict: 'pass',
      retry: 'no',
      alike: null,
    });
  });

  it('the first that fits wins', () => {
    const errorRules: ErrorRule[] = [
      { status: 429, contains: 'a', verdict: 'pass' },
      { status: 429, verdict: 'retry' },
      { status: 429, verdict: 'blacklist' },
    ];
    expect(judge(answered(429, 'bcd'), context({ errorRules })).rule).toBe('error-rule:2');
  });

  it('give every verdict', () => {
    expect(ruled({ status: 418, verdict: 'retry' })).toMatchObject({
      verdict: 'retry',
      scope: 'request',
      retry: 'other-key',
      cooldown: null,
      alike: null,
    });
    expect(ruled({ status: 418, verdict: 'count' })).toMatchObject({
      verdict: 'count',
      scope: 'key',
      retry: 'other-key',
      alike: 'error-rule:2:418',
    });
    expect(ruled({ status: 418, verdict: 'cooldown', seconds: 90 })).toMatchObject({
      verdict: 'cooldown',
      scope: 'key-model',
      cooldown: { model, untilMs: nowMs + 90_000 },
    });
    expect(ruled({ status: 418, verdict: 'cooldown' }).cooldown?.untilMs).toBe(nowMs + 60_000);
    expect(ruled({ status: 418, verdict: 'upstream' })).toMatchObject({
      verdict: 'upstream',
      scope: 'upstream',
      retry: 'other-upstream',
      cooldown: null,
    });
    expect(ruled({ status: 418, verdict: 'upstream', seconds: 5 })).toMatchObject({
      scope: 'upstream-model',
      cooldown: { model, untilMs: nowMs + 5_000 },
    });
  });

  it('name an error event by the status that it came with or stands for', () => {
    const event = errorEvent({ type: 'overloaded_error' });
    expect(ruled({ status: 200, verdict: 'pass' }, event).rule).toBe('error-rule:2');
    expect(ruled({ status: 529, verdict: 'pass' }, event).rule).toBe('error-rule:2');
    expect(ruled({ status: 500, verdict: 'pass' }, event).rule).toBe('overloaded');
  });
});

describe('whatever comes', () => {
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
    error: fc.option(
      fc.record({
        message: fc.string(),
        code: fc.option(fc.string()),
        type: fc.option(fc.string()),
      }),
    ),
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
