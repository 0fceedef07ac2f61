import type { Channel, EventKind } from './channel.ts';
import { readErrorFacts } from './error-facts.ts';
import { isInferenceCall } from './inference-call.ts';
import { countField, isJsonObject, objectField, textField, type JsonObject } from './json-value.ts';
import { modelsByName } from './model-list.ts';
import { probeAt } from './probe-endpoint.ts';
import { anyTokens, type TokenCounts } from './token-counts.ts';

/** The Gemini API: https://ai.google.dev/api */
export const gemini: Channel = {
  name: 'gemini',
  defaults: {
    testModel: 'gemini-2.5-flash-lite',
    baseUrl: 'https://generativelanguage.googleapis.com',
  },
  credentialHeaders: (secret, path) =>
    speaksOpenai(path) ? ['authorization', `Bearer ${secret}`] : ['x-goog-api-key', secret],
  isStreaming: ({ path, query, bodyStream }) =>
    path.endsWith(':streamGenerateContent') ||
    /(?:^|[?&])alt=sse(?:&|$)/.test(query) ||
    (speaksOpenai(path) && bodyStream === true),
  modelOf: ({ path, bodyModel }) => {
    const place = modelPlace(path);
    return place === null ? bodyModel : decode(path.slice(place.start, place.end));
  },
  withModel: (path, model) => {
    const place = modelPlace(path);
    if (place === null) return path;
    const encoded = model.split('/').map(encodeURIComponent).join('/');
    return path.slice(0, place.start) + encoded + path.slice(place.end);
  },
  inference: isInferenceCall,
  probe: ({ testModel, validationEndpoint }) =>
    probeAt(validationEndpoint, {
      path: `/v1beta/models/${testModel.split('/').map(encodeURIComponent).join('/')}:generateContent`,
      body: {
        contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
        generationConfig: { maxOutputTokens: 1 },
      },
    }),
  models: modelsByName('/v1beta/models?pageSize=1000'),
  requestIdHeader: 'x-request-id',
  errorBody: ({ status, message }) =>
    JSON.stringify({ error: { code: status, message, status: statusName(status) } }),
  errorFacts: (status, _headers, bodyText) => readErrorFacts(status, bodyText),
  usageOf: contentUsage,
  eventKind: contentEvent,
};

/** Google's compatible endpoints take a bearer token. */
function speaksOpenai(path: string): boolean {
  return path.includes('/v1beta/openai/');
}

/** Where a path names its model: after `models/` up to `:`, or to the end of the segment. */
function modelPlace(path: string): { readonly start: number; readonly end: number } | null {
  if (speaksOpenai(path)) return null;
  const at = path.indexOf('/models/');
  if (at === -1) return null;
  const start = at + '/models/'.length;
  const ends = [path.indexOf(':', start), path.indexOf('/', start), path.length];
  const end = ends.find((each) => each !== -1) ?? path.length;
  return end === start ? null : { start, end };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not percent-encoding: the model is called as it stands
  }
}

/** Names of https://google.aip.dev/193 */
function statusName(status: number): string {
  switch (status) {
    case 401:
      return 'UNAUTHENTICATED';
    case 403:
      return 'PERMISSION_DENIED';
    case 404:
      return 'NOT_FOUND';
    case 409:
      return 'ABORTED';
    case 429:
      return 'RESOURCE_EXHAUSTED';
    case 499:
      return 'CANCELLED';
    case 501:
      return 'UNIMPLEMENTED';
    case 502:
    case 503:
      return 'UNAVAILABLE';
    case 504:
      return 'DEADLINE_EXCEEDED';
    default:
      return status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT';
  }
}

function contentUsage(json: JsonObject): TokenCounts | null {
  const usage = objectField(json, 'usageMetadata');
  if (usage === null) return null;
  return anyTokens({
    input: countField(usage, 'promptTokenCount'),
    output: countField(usage, 'candidatesTokenCount'),
    cached: countField(usage, 'cachedContentTokenCount'),
    reasoning: countField(usage, 'thoughtsTokenCount'),
  });
}

function contentEvent(json: JsonObject): EventKind | null {
  const { candidates } = json;
  if (Array.isArray(candidates)) {
    const items: readonly unknown[] = candidates;
    return items.some((each) => isJsonObject(each) && saysSomething(each)) ? 'content' : 'preamble';
  }
  if ('promptFeedback' in json) return 'content';
  return 'usageMetadata' in json ? 'preamble' : null;
}

function saysSomething(candidate: JsonObject): boolean {
  if (textField(candidate, 'finishReason') !== null) return true;
  const parts = objectField(candidate, 'content')?.['parts'];
  return Array.isArray(parts) && parts.length > 0;
}
