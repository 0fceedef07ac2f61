import type { ChannelName } from '@keymux/contracts';

/** For tests: the same error as each provider words it, status and body, by the row that judges it. */
export const recordedErrors = {
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
