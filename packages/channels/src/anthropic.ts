import type { Channel, EventKind } from './channel.ts';
import { readErrorFacts } from './error-facts.ts';
import { isInferenceCall } from './inference-call.ts';
import { countField, objectField, type JsonObject } from './json-value.ts';
import { modelsByData } from './model-list.ts';
import { probeAt } from './probe-endpoint.ts';
import { anyTokens, type TokenCounts } from './token-counts.ts';

const version = '2023-06-01';

/** The Messages API: https://docs.anthropic.com/en/api/messages */
export const anthropic: Channel = {
  name: 'anthropic',
  defaults: { testModel: 'claude-haiku-4-5', baseUrl: 'https://api.anthropic.com' },
  credentialHeaders: (secret, _path, clientHeaderNames) =>
    clientHeaderNames.has('anthropic-version')
      ? ['x-api-key', secret]
      : ['x-api-key', secret, 'anthropic-version', version],
  isStreaming: ({ bodyStream }) => bodyStream === true,
  modelOf: ({ bodyModel }) => bodyModel,
  withModel: (path) => path,
  inference: isInferenceCall,
  probe: ({ testModel, validationEndpoint }) =>
    probeAt(validationEndpoint, {
      path: '/v1/messages',
      body: { model: testModel, messages: [{ role: 'user', content: 'hi' }], max_tokens: 1 },
    }),
  models: modelsByData('/v1/models?limit=1000'),
  requestIdHeader: 'request-id',
  errorBody: ({ status, message }) =>
    JSON.stringify({ type: 'error', error: { type: errorType(status), message } }),
  errorFacts: (status, _headers, bodyText) => readErrorFacts(status, bodyText),
  usageOf: messageUsage,
  eventKind: messageEvent,
};

/** https://docs.anthropic.com/en/api/errors */
function errorType(status: number): string {
  switch (status) {
    case 401:
      return 'authentication_error';
    case 403:
      return 'permission_error';
    case 404:
      return 'not_found_error';
    case 413:
      return 'request_too_large';
    case 429:
      return 'rate_limit_error';
    case 503:
    case 529:
      return 'overloaded_error';
    case 504:
      return 'timeout_error';
    default:
      return status >= 500 ? 'api_error' : 'invalid_request_error';
  }
}

/** Input without what came from the cache, as Anthropic counts. */
function messageUsage(json: JsonObject): TokenCounts | null {
  const usage = objectField(objectField(json, 'message') ?? json, 'usage');
  if (usage === null || !('input_tokens' in usage || 'output_tokens' in usage)) return null;
  return anyTokens({
    input: countField(usage, 'input_tokens'),
    output: countField(usage, 'output_tokens'),
    cached: countField(usage, 'cache_read_input_tokens'),
    reasoning: null,
  });
}

function messageEvent({ type }: JsonObject): EventKind | null {
  if (typeof type !== 'string') return null;
  if (type === 'message_start' || type === 'ping') return 'preamble';
  return type.startsWith('message_') || type.startsWith('content_block_') ? 'content' : null;
}
