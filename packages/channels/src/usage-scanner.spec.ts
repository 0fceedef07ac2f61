import { channelNames } from '@keymux/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodies, expected, scan, sse, streams } from './recorded-answers.ts';
import { createUsageScanner } from './usage-scanner.ts';

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
