import type { Channel, EventKind } from './channel.ts';
import { readErrorFacts } from './error-facts.ts';
import { isInferenceCall } from './inference-call.ts';
import { countField, objectField, type JsonObject } from './json-value.ts';
import { asksForEvents, openai, openaiErrorBody } from './openai.ts';
import { probeAt } from './probe-endpoint.ts';
import { anyTokens, type TokenCounts } from './token-counts.ts';

/** The Responses API: https://platform.openai.com/docs/api-reference/responses */
export const openaiResponse: Channel = {
  name: 'openai-response',
  defaults: openai.defaults,
  credentialHeaders: (secret) => ['authorization', `Bearer ${secret}`],
  isStreaming: asksForEvents,
  modelOf: ({ bodyModel }) => bodyModel,
  withModel: (path) => path,
  inference: isInferenceCall,
  probe: ({ testModel, validationEndpoint }) =>
    probeAt(validationEndpoint, {
      path: '/v1/responses',
      // 16 is the least that the API accepts; what is not stored need not be cleaned up.
      body: { model: testModel, input: 'hi', max_output_tokens: 16, store: false },
    }),
  models: openai.models,
  requestIdHeader: 'x-request-id',
  errorBody: openaiErrorBody,
  errorFacts: (status, _headers, bodyText) => readErrorFacts(status, bodyText),
  usageOf: responseUsage,
  eventKind: responseEvent,
};

function responseUsage(json: JsonObject): TokenCounts | null {
  const usage = objectField(objectField(json, 'response') ?? json, 'usage');
  // Anthropic's counts have the same names; only these have `total_tokens` or details.
  if (usage === null || !('total_tokens' in usage || 'input_tokens_details' in usage)) return null;
  return anyTokens({
    input: countField(usage, 'input_tokens'),
    output: countField(usage, 'output_tokens'),
    cached: countField(objectField(usage, 'input_tokens_details'), 'cached_tokens'),
    reasoning: countField(objectField(usage, 'output_tokens_details'), 'reasoning_tokens'),
  });
}

const preambles: ReadonlySet<string> = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
]);

function responseEvent({ type }: JsonObject): EventKind | null {
  if (typeof type !== 'string' || !type.startsWith('response.')) return null;
  return preambles.has(type) ? 'preamble' : 'content';
}
