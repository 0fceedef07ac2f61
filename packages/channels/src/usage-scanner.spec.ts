import { channelNames, type ChannelName } from '@keymux/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScanResult } from './usage-scanner.ts';
import { createUsageScanner } from './usage-scanner.ts';

function sse(...events: (string | object)[]): string {
  return events
    .map((each) => (typeof each === 'string' ? each : `data: ${JSON.stringify(each)}`))
    .map((each) => `${each}\n\n`)
    .join('');
}

function named(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}`;
}

function scan(channel: ChannelName, text: string, streaming = true): ScanResult {
  const scanner = createUsageScanner(channel, { streaming });
  scanner.feed(Buffer.from(text));
  return scanner.end();
}

const chat = (delta: object, rest: object = {}) => ({
  id: 'c',
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, finish_reason: null }],
  ...rest,
});

const streams = {
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

const bodies = {
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

const expected = (channel: ChannelName) => ({
  tokens: { input: 11, output: 7, cached: 3, reasoning: channel === 'anthropic' ? null : 2 },
  sawContent: true,
  errorEvent: null,
});

describe('the usage of an answer', () => {
  it.each([...channelNames])('is read from a stream of %s', (channel) => {
    expect(scan(channel, streams[channel])).toEqual(expected(channel));
  });

  it.each([...channelNames])('is read from a body of %s', (channel) => {
    expect(scan(channel, JSON.stringify(bodies[channel]), false)).toEqual(expected(channel));
    expect(scan(channel, JSON.stringify(bodies[channel], null, 2), false)).toEqual(
      expected(channel),
    );
  });

  it('is read whatever format an upstream of the group speaks', () => {
    for (const format of channelNames) {
      for (const channel of channelNames) {
        expect(scan(channel, streams[format])).toEqual(expected(format));
      }
    }
  });

  it('is read from the input alone, as embeddings have it', () => {
    const body = { data: [{ embedding: [0.1] }], usage: { prompt_tokens: 5, total_tokens: 5 } };
    expect(scan('openai', JSON.stringify(body), false).tokens).toEqual({
      input: 5,
      output: null,
      cached: null,
      reasoning: null,
    });
  });

  it('is read from the end of a body of megabytes', () => {
    const embedding = Array.from({ length: 300_000 }, (_, at) => at / 7);
    const body = JSON.stringify({ data: [{ embedding }], usage: { prompt_tokens: 5 } });
    const scanner = createUsageScanner('openai', { streaming: false });
    for (let at = 0; at < body.length; at += 16_000) {
      scanner.feed(Buffer.from(body.slice(at, at + 16_000)));
      expect(scanner.heldBytes).toBeLessThan(600_000);
    }
    expect(scanner.end().tokens.input).toBe(5);
  });

  it('is read from a Gemini stream that is a JSON array', () => {
    const parts = [1, 2, 7].map((count) => ({
      candidates: [{ content: { parts: [{ text: 'x' }] } }],
      usageMetadata: { promptTokenCount: 11, candidatesTokenCount: count },
    }));
    expect(scan('gemini', JSON.stringify(parts), false).tokens).toMatchObject({
      input: 11,
      output: 7,
    });
  });

  it('is read from the end of an event that is too long to keep', () => {
    const text = sse({
      candidates: [{ content: { parts: [{ inlineData: 'A'.repeat(700_000) }] } }],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2 },
    });
    expect(scan('gemini', text).tokens).toMatchObject({ input: 1, output: 2 });
    expect(scan('gemini', text + streams.gemini)).toEqual(expected('gemini'));
  });

  it('keeps what the start said when a later event says zero', () => {
    const text = streams.anthropic.replace(
      '"usage":{"output_tokens":7}',
      '"usage":{"input_tokens":0,"output_tokens":7}',
    );
    expect(scan('anthropic', text)).toEqual(expected('anthropic'));
  });

  it('is what was said until a stream was cut short', () => {
    const cut = streams.anthropic.slice(0, streams.anthropic.indexOf('event: message_delta'));
    expect(scan('anthropic', cut).tokens).toMatchObject({ input: 11, output: 1 });
  });
});

describe('an error inside an answer that began well', () => {
  const errors: Record<ChannelName, string> = {
    openai: sse({ error: { message: 'boom', type: 'server_error', code: null } }),
    'openai-response': sse(
      named('response.failed', {
        type: 'response.failed',
        response: { error: { code: 'server_error', message: 'boom' } },
      }),
    ),
    gemini: sse({ error: { code: 503, message: 'boom', status: 'UNAVAILABLE' } }),
    anthropic: sse(
      named('error', { type: 'error', error: { type: 'overloaded_error', message: 'boom' } }),
    ),
  };

  it.each([...channelNames])('is seen before any content of %s', (channel) => {
    const preamble =
      channel === 'gemini' ? '' : streams[channel].slice(0, streams[channel].indexOf('\n\n') + 2);
    const result = scan(channel, preamble + errors[channel]);
    expect(result.sawContent).toBe(false);
    expect(result.errorEvent).toMatchObject({ message: 'boom', afterContent: false });
  });

  it.each([...channelNames])('is seen after content of %s', (channel) => {
    const result = scan(channel, streams[channel] + errors[channel]);
    expect(result.sawContent).toBe(true);
    expect(result.errorEvent).toMatchObject({ message: 'boom', afterContent: true });
  });

  it('is seen in the bare forms of other servers', () => {
    expect(scan('openai', sse({ error: 'out of memory' })).errorEvent?.message).toBe(
      'out of memory',
    );
    expect(scan('openai', 'event: error\ndata: plain words\n\n').errorEvent?.message).toBe(
      'plain words',
    );
    expect(
      scan('openai-response', sse({ type: 'error', code: 'rate_limit_exceeded', message: 'slow' }))
        .errorEvent,
    ).toMatchObject({ code: 'rate_limit_exceeded', message: 'slow', type: null });
    expect(scan('gemini', '[{"error":{"code":500,"message":"x"}}]', false)).toMatchObject({
      sawContent: false,
      errorEvent: { message: 'x', code: '500' },
    });
  });

  it('is seen while the stream is still open', () => {
    const scanner = createUsageScanner('anthropic', { streaming: true });
    scanner.feed(Buffer.from(errors.anthropic.slice(0, 40)));
    expect(scanner.errorEvent).toBeNull();
    expect(scanner.midEvent).toBe(true);
    scanner.feed(Buffer.from(errors.anthropic.slice(40)));
    expect(scanner.errorEvent?.type).toBe('overloaded_error');
    expect(scanner.midEvent).toBe(false);
  });

  it('is not seen in words that the model says', () => {
    const text = sse(
      chat({ content: '{"error":{"message":"not mine"},"usage":{"prompt_tokens":9}}' }),
    );
    expect(scan('openai', text)).toMatchObject({ errorEvent: null, sawContent: true });
    expect(scan('openai', text).tokens.input).toBeNull();
  });

  it('is a body of 200 that is nothing but an error, and no stored job that failed', () => {
    expect(scan('openai', '{"error":{"message":"no"}}', false)).toMatchObject({
      sawContent: false,
      errorEvent: { message: 'no' },
    });
    expect(
      scan('openai', '{"object":"fine_tuning.job","error":{"message":"no"}}', false),
    ).toMatchObject({ sawContent: true, errorEvent: null });
    expect(scan('openai', '{"error":null,"id":"x"}', false)).toMatchObject({ sawContent: true });
  });
});

describe('content', () => {
  it('is not a role, a comment, a ping or the end', () => {
    const text = sse(': ping', chat({ role: 'assistant', content: '' }), 'data: [DONE]');
    expect(scan('openai', text).sawContent).toBe(false);
    expect(scan('anthropic', sse(named('ping', { type: 'ping' }))).sawContent).toBe(false);
    expect(scan('openai', '').sawContent).toBe(false);
    expect(scan('openai', ' \n', false).sawContent).toBe(false);
  });

  it('is a tool call, reasoning, and all that is not known', () => {
    expect(scan('openai', sse(chat({ tool_calls: [{ index: 0 }] }))).sawContent).toBe(true);
    expect(scan('openai', sse(chat({ reasoning_content: 'hm' }))).sawContent).toBe(true);
    expect(scan('openai', sse('data: something else')).sawContent).toBe(true);
  });
});

describe('whatever comes', () => {
  const sources = channelNames.flatMap((channel) => [
    { channel, text: streams[channel], streaming: true },
    {
      channel,
      text: streams[channel].replaceAll('\r\n', '\n').replaceAll('\n', '\r'),
      streaming: true,
    },
    { channel, text: JSON.stringify(bodies[channel]), streaming: false },
  ]);

  it('does not depend on how the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...sources),
        fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1 }),
        ({ channel, text, streaming }, sizes) => {
          const bytes = Buffer.from(text);
          const scanner = createUsageScanner(channel, { streaming });
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = sizes[turn % sizes.length] || 1;
            scanner.feed(bytes.subarray(at, at + size));
            at += size;
          }
          expect(scanner.end()).toEqual(expected(channel));
        },
      ),
    );
  });

  it('does not depend on the cuts for streams that are broken either', () => {
    const piece = fc.constantFrom(
      '\n',
      '\r',
      '\r\n',
      '\n\n',
      'data: ',
      'event: error',
      '"usage":{"prompt_tokens":3}',
      '{"error":{"message":"m"}}',
      '{"choices":[],"usage":{"prompt_tokens":4}}',
      '{"choices":[{"delta":{"content":"x"}}]}',
      '[DONE]',
      '[',
      '{',
      'ß',
      '\ufeff',
      'y'.repeat(70_000),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...channelNames),
        fc.boolean(),
        fc.array(piece, { maxLength: 25 }),
        fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 5 }),
        (channel, streaming, pieces, sizes) => {
          const bytes = Buffer.from(pieces.join(''));
          const scanner = createUsageScanner(channel, { streaming });
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1;
            scanner.feed(new Uint8Array(bytes.subarray(at, at + size)));
            at += size;
          }
          expect(scanner.end()).toEqual(scan(channel, pieces.join(''), streaming));
        },
      ),
    );
  });

  it('throws never and holds little', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...channelNames),
        fc.boolean(),
        fc.array(fc.uint8Array({ maxLength: 2_000 })),
        fc.integer({ min: 1, max: 400 }),
        (channel, streaming, chunks, times) => {
          const scanner = createUsageScanner(channel, { streaming });
          for (let turn = 0; turn < times; turn += 1) {
            for (const chunk of chunks) scanner.feed(chunk);
          }
          expect(scanner.heldBytes).toBeLessThan(600_000);
          scanner.end();
        },
      ),
      { numRuns: 50 },
    );
  });
});
