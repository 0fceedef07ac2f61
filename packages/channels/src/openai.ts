import type { Channel, EventKind, OwnError, StreamingFacts } from './channel.ts';
import { readErrorFacts } from './error-facts.ts';
import { isInferenceCall } from './inference-call.ts';
import { countField, isJsonObject, objectField, type JsonObject } from './json-value.ts';
import { modelsByData } from './model-list.ts';
import { probeAt } from './probe-endpoint.ts';
import { anyTokens, type TokenCounts } from './token-counts.ts';

/** Chat completions and what is shaped like them: https://platform.openai.com/docs/api-reference */
export const openai: Channel = {
  name: 'openai',
  defaults: { testModel: 'gpt-4.1-nano', baseUrl: 'https://api.openai.com' },
  credentialHeaders: (secret) => ['authorization', `Bearer ${secret}`],
  isStreaming: asksForEvents,
  modelOf: ({ bodyModel }) => bodyModel,
  withModel: (path) => path,
  inference: isInferenceCall,
  probe: ({ testModel, validationEndpoint }) =>
    probeAt(validationEndpoint, {
      path: '/v1/chat/completions',
      body: { model: testModel, messages: [{ role: 'user', content: 'hi' }], max_tokens: 1 },
    }),
  models: modelsByData('/v1/models'),
  requestIdHeader: 'x-request-id',
  errorBody: openaiErrorBody,
  errorFacts: (status, _headers, bodyText) => readErrorFacts(status, bodyText),
  usageOf: completionUsage,
  eventKind: completionEvent,
};

/** Whether body, Accept or query ask for server-sent events. */
export function asksForEvents({ accept, bodyStream, query }: StreamingFacts): boolean {
  return (
    bodyStream === true ||
    (accept !== null && accept.toLowerCase().includes('text/event-stream')) ||
    /[?&]stream=true(?:&|$)/.test(query.startsWith('?') ? query : `?${query}`)
  );
}

/** `{"error":{message,type,param,code}}` */
export function openaiErrorBody({ status, code, message }: OwnError): string {
  return JSON.stringify({ error: { message, type: errorType(status), param: null, code } });
}

function errorType(status: number): string {
  if (status >= 500) return 'server_error';
  switch (status) {
    case 401:
      return 'authentication_error';
    case 403:
      return 'permission_error';
    case 429:
      return 'rate_limit_error';
    default:
      return 'invalid_request_error';
  }
}

function completionUsage(json: JsonObject): TokenCounts | null {
  const usage = objectField(json, 'usage');
  if (usage === null || !('prompt_tokens' in usage || 'completion_tokens' in usage)) return null;
  return anyTokens({
    input: countField(usage, 'prompt_tokens'),
    output: countField(usage, 'completion_tokens'),
    cached:
      countField(objectField(usage, 'prompt_tokens_details'), 'cached_tokens') ??
      countField(usage, 'prompt_cache_hit_tokens'),
    reasoning: countField(objectField(usage, 'completion_tokens_details'), 'reasoning_tokens'),
  });
}

function completionEvent(json: JsonObject): EventKind | null {
  const { choices } = json;
  if (!Array.isArray(choices)) return null;
  const items: readonly unknown[] = choices;
  return items.some((each) => isJsonObject(each) && saysSomething(each)) ? 'content' : 'preamble';
}

/** The first chunk often carries only the role; an error may still take its place. */
function saysSomething(choice: JsonObject): boolean {
  if (typeof choice['finish_reason'] === 'string') return true;
  if (typeof choice['text'] === 'string' && choice['text'] !== '') return true;
  const said = objectField(choice, 'delta') ?? objectField(choice, 'message');
  if (said === null) return false;
  return Object.entries(said).some(([name, value]) => name !== 'role' && !isEmpty(value));
}

function isEmpty(value: unknown): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0);
}
