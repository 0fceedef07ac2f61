import { json, type HeaderList, type Reply } from './answer.ts';

/** What went wrong at a provider; each has its shape in every wire format. */
export type Fault =
  | 'invalid-key'
  | 'key-forbidden'
  | 'region'
  | 'billing'
  | 'quota'
  | 'rate-limit'
  | 'rate-limit-no-hint'
  | 'bad-request'
  | 'not-found'
  | 'overloaded'
  | 'server-error';

/** The wire formats that errors come in; Gemini's OpenAI surface has its own. */
export type Format = 'openai' | 'openai-response' | 'gemini' | 'gemini-openai' | 'anthropic';

/** A provider's answer to a fault, with its real status, body and headers; `resetSeconds` is the hint. */
export function fault(format: Format, what: Fault, resetSeconds = 20): Reply {
  switch (format) {
    case 'openai':
    case 'openai-response':
      return openai(what, resetSeconds);
    case 'anthropic':
      return anthropic(what, resetSeconds);
    case 'gemini':
      return gemini(what, resetSeconds);
    case 'gemini-openai': {
      const reply = geminiParts(what, resetSeconds);
      return json(reply.status, [{ error: reply.error }], google);
    }
  }
}

const openaiHeaders: HeaderList = [
  ['x-request-id', 'req_0123456789abcdef0123456789abcdef'],
  ['openai-version', '2020-10-01'],
  ['openai-processing-ms', '12'],
];

function openai(what: Fault, resetSeconds: number): Reply {
  const error = (
    status: number,
    code: string | null,
    type: string,
    message: string,
    headers: HeaderList = [],
  ) =>
    json(status, { error: { message, type, param: null, code } }, [...openaiHeaders, ...headers]);
  switch (what) {
    case 'invalid-key':
      return error(
        401,
        'invalid_api_key',
        'invalid_request_error',
        'Incorrect API key provided: sk-sim**********0001. You can find your API key at https://platform.openai.com/account/api-keys.',
      );
    case 'key-forbidden':
      return error(
        403,
        null,
        'invalid_request_error',
        "You have insufficient permissions for this operation. Missing scopes: model.request. Check that you have the correct role in your organization, and if you're using a restricted API key, that it has the necessary scopes.",
      );
    case 'region':
      return error(
        403,
        'unsupported_country_region_territory',
        'request_forbidden',
        'Country, region, or territory not supported',
      );
    case 'billing':
      return error(
        429,
        'billing_not_active',
        'billing_not_active',
        'Your account is not active, please check your billing details on our website.',
      );
    case 'quota':
      return error(
        429,
        'insufficient_quota',
        'insufficient_quota',
        'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.',
      );
    case 'rate-limit':
      return error(
        429,
        'rate_limit_exceeded',
        'requests',
        `Rate limit reached for gpt-4o-mini in organization org-sim on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in ${resetSeconds}s.`,
        [
          ['retry-after', String(resetSeconds)],
          ['retry-after-ms', String(resetSeconds * 1000)],
          ['x-ratelimit-limit-requests', '3'],
          ['x-ratelimit-remaining-requests', '0'],
          ['x-ratelimit-reset-requests', `${resetSeconds}s`],
        ],
      );
    case 'rate-limit-no-hint':
      return error(429, 'rate_limit_exceeded', 'requests', 'Rate limit reached for requests.');
    case 'bad-request':
      return error(
        400,
        null,
        'invalid_request_error',
        "Invalid type for 'messages': expected an array of objects, but got a string instead.",
      );
    case 'not-found':
      return error(
        404,
        'model_not_found',
        'invalid_request_error',
        'The model `gpt-none` does not exist or you do not have access to it.',
      );
    case 'overloaded':
      return error(
        503,
        null,
        'server_error',
        'That model is currently overloaded with other requests. You can retry your request.',
      );
    case 'server-error':
      return error(
        500,
        null,
        'server_error',
        'The server had an error while processing your request. Sorry about that!',
      );
  }
}

const anthropicHeaders: HeaderList = [
  ['request-id', 'req_011CSimulated0000000000'],
  ['anthropic-organization-id', '00000000-0000-4000-8000-000000000000'],
];

function anthropic(what: Fault, resetSeconds: number): Reply {
  const error = (status: number, type: string, message: string, headers: HeaderList = []) =>
    json(
      status,
      { type: 'error', error: { type, message }, request_id: 'req_011CSimulated0000000000' },
      [...anthropicHeaders, ...headers],
    );
  switch (what) {
    case 'invalid-key':
      return error(401, 'authentication_error', 'invalid x-api-key');
    case 'key-forbidden':
      return error(
        403,
        'permission_error',
        'Your API key does not have permission to use the specified resource.',
      );
    case 'region':
      return error(403, 'forbidden', 'Request not allowed');
    case 'billing':
      return error(
        402,
        'billing_error',
        'There is an issue with your billing or payment information.',
      );
    case 'quota':
      return error(
        400,
        'invalid_request_error',
        'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
      );
    case 'rate-limit': {
      const reset = new Date(Date.now() + resetSeconds * 1000).toISOString();
      return error(
        429,
        'rate_limit_error',
        'This request would exceed the rate limit for your organization of 50 requests per minute.',
        [
          ['anthropic-ratelimit-requests-limit', '50'],
          ['anthropic-ratelimit-requests-remaining', '0'],
          ['anthropic-ratelimit-requests-reset', reset],
          ['retry-after', String(resetSeconds)],
        ],
      );
    }
    case 'rate-limit-no-hint':
      return error(429, 'rate_limit_error', 'Number of requests has exceeded your rate limit.');
    case 'bad-request':
      return error(400, 'invalid_request_error', 'max_tokens: Field required');
    case 'not-found':
      return error(404, 'not_found_error', 'model: claude-none');
    case 'overloaded':
      return error(529, 'overloaded_error', 'Overloaded');
    case 'server-error':
      return error(500, 'api_error', 'Internal server error');
  }
}

const google: HeaderList = [
  ['Vary', 'Origin'],
  ['Vary', 'X-Origin'],
  ['Vary', 'Referer'],
  ['Server', 'scaffolding on HTTPServer2'],
  ['X-XSS-Protection', '0'],
  ['X-Content-Type-Options', 'nosniff'],
];

interface GeminiError {
  readonly code: number;
  readonly message: string;
  readonly status: string;
  readonly details?: readonly Record<string, unknown>[];
}

function gemini(what: Fault, resetSeconds: number): Reply {
  const { status, error } = geminiParts(what, resetSeconds);
  return json(status, { error }, google);
}

function geminiParts(what: Fault, resetSeconds: number): { status: number; error: GeminiError } {
  const part = (
    code: number,
    status: string,
    message: string,
    details?: readonly Record<string, unknown>[],
  ) => ({
    status: code,
    error: { code, message, status, ...(details === undefined ? {} : { details }) },
  });
  const errorInfo = (reason: string) => ({
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason,
    domain: 'googleapis.com',
    metadata: { service: 'generativelanguage.googleapis.com' },
  });
  switch (what) {
    case 'invalid-key':
      return part(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
        errorInfo('API_KEY_INVALID'),
      ]);
    case 'key-forbidden':
      return part(
        403,
        'PERMISSION_DENIED',
        "Permission denied: Consumer 'api_key:AIzaSim' has been suspended.",
        [errorInfo('CONSUMER_SUSPENDED')],
      );
    case 'region':
      return part(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.');
    case 'billing':
      return part(
        403,
        'PERMISSION_DENIED',
        'This API method requires billing to be enabled. Please enable billing on project #1.',
        [errorInfo('BILLING_DISABLED')],
      );
    case 'quota':
    case 'rate-limit':
      return part(
        429,
        'RESOURCE_EXHAUSTED',
        `You exceeded your current quota, please check your plan and billing details. Please retry in ${resetSeconds}s.`,
        [
          {
            '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
            violations: [
              {
                quotaMetric:
                  'generativelanguage.googleapis.com/generate_content_free_tier_requests',
                quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier',
                quotaDimensions: { location: 'global', model: 'gemini-2.0-flash' },
                quotaValue: '15',
              },
            ],
          },
          {
            '@type': 'type.googleapis.com/google.rpc.RetryInfo',
            retryDelay: `${resetSeconds}s`,
          },
        ],
      );
    case 'rate-limit-no-hint':
      return part(429, 'RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).');
    case 'bad-request':
      return part(400, 'INVALID_ARGUMENT', 'Invalid JSON payload received. Unknown name "x".');
    case 'not-found':
      return part(
        404,
        'NOT_FOUND',
        'models/gemini-none is not found for API version v1beta, or is not supported for generateContent.',
      );
    case 'overloaded':
      return part(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.');
    case 'server-error':
      return part(500, 'INTERNAL', 'An internal error has occurred.');
  }
}
