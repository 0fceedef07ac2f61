import { channelNames, type ChannelName } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import { chat, named, scan, sse, streams } from './recorded-answers.ts';
import { createUsageScanner } from './usage-scanner.ts';

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
