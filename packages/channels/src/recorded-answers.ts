import type { ChannelName } from '@keymux/contracts';
import { createUsageScanner, type ScanResult } from './usage-scanner.ts';

/** Events as a server sends them. */
export function sse(...events: (string | object)[]): string {
  return events
    .map((each) => (typeof each === 'string' ? each : `data: ${JSON.stringify(each)}`))
    .map((each) => `${each}\n\n`)
    .join('');
}

/** An event with a name. */
export function named(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}`;
}

/** Scans an answer that comes in one piece. */
export function scan(channel: ChannelName, text: string, streaming = true): ScanResult {
  const scanner = createUsageScanner(channel, { streaming });
  scanner.feed(Buffer.from(text));
  return scanner.end();
}

/** A chunk of a chat completion. */
export const chat = (delta: object, rest: object = {}) => ({
  id: 'c',
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, finish_reason: null }],
  ...rest,
});

/** One stream of each channel, all with the same usage. */
export const streams = {
  openai: sse(
    ': keep-alive',
    chat({ role: 'assistant', content: '' }, { usage: null }),
    chat({ content: 'Grüße 🦄 an "usage" und "error"' }, { usage: null }),
    {
      object: 'chat.completion.chunk',
      choices: [{ delta: {}, finish_reason: 'stop' }],
      usage: null,
    },
    {
      choices: [],
      usage: {
        prompt_tokens: 11,
        completion_tokens: 7,
        prompt_tokens_details: { cached_tokens: 3 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    },
    'data: [DONE]',
  ),
  'openai-response': sse(
    named('response.created', {
      type: 'response.created',
      response: { id: 'r', error: null, usage: null },
    }),
    named('response.output_text.delta', { type: 'response.output_text.delta', delta: 'Hé' }),
    named('response.completed', {
      type: 'response.completed',
      response: {
        id: 'r',
        object: 'response',
        error: null,
        output: [{ content: 'Hé' }],
        usage: {
          input_tokens: 11,
          input_tokens_details: { cached_tokens: 3 },
          output_tokens: 7,
          output_tokens_details: { reasoning_tokens: 2 },
          total_tokens: 18,
        },
      },
    }),
  ),
  gemini: sse(
    {
      candidates: [{ content: { parts: [{ text: 'a' }] } }],
      usageMetadata: { promptTokenCount: 11, candidatesTokenCount: 1 },
    },
    {
      candidates: [{ content: { parts: [{ text: '한' }] } }],
      usageMetadata: { promptTokenCount: 11, candidatesTokenCount: 4 },
    },
    {
      candidates: [{ finishReason: 'STOP' }],
      usageMetadata: {
        promptTokenCount: 11,
        candidatesTokenCount: 7,
        cachedContentTokenCount: 3,
        thoughtsTokenCount: 2,
      },
    },
  ).replaceAll('\n', '\r\n'),
  anthropic: sse(
    named('message_start', {
      type: 'message_start',
      message: {
        id: 'm',
        usage: { input_tokens: 11, cache_read_input_tokens: 3, output_tokens: 1 },
      },
    }),
    named('ping', { type: 'ping' }),
    named('content_block_delta', {
      type: 'content_block_delta',
      delta: { type: 'text_delta', text: 'ß' },
    }),
    named('message_delta', {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn' },
      usage: { output_tokens: 7 },
    }),
    named('message_stop', { type: 'message_stop' }),
  ),
} satisfies Record<ChannelName, string>;

/** One body of each channel, all with the same usage. */
export const bodies = {
  openai: {
    choices: [{ message: { content: 'hi' } }],
    usage: {
      prompt_tokens: 11,
      completion_tokens: 7,
      prompt_tokens_details: { cached_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 2 },
    },
  },
  'openai-response': {
    object: 'response',
    error: null,
    output: [],
    usage: {
      input_tokens: 11,
      input_tokens_details: { cached_tokens: 3 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: 18,
    },
  },
  gemini: {
    candidates: [{ content: { parts: [{ functionCall: { args: { usageMetadata: 'no' } } }] } }],
    usageMetadata: {
      promptTokenCount: 11,
      candidatesTokenCount: 7,
      cachedContentTokenCount: 3,
      thoughtsTokenCount: 2,
    },
    modelVersion: 'g',
  },
  anthropic: {
    type: 'message',
    content: [{ type: 'tool_use', input: { usage: { input_tokens: 99 } } }],
    usage: { input_tokens: 11, cache_read_input_tokens: 3, output_tokens: 7 },
  },
} satisfies Record<ChannelName, object>;

/** What a scan of a recorded answer must tell. */
export const expected = (channel: ChannelName) => ({
  tokens: { input: 11, output: 7, cached: 3, reasoning: channel === 'anthropic' ? null : 2 },
  sawContent: true,
  errorEvent: null,
});
