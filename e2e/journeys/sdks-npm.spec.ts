import Anthropic from '@anthropic-ai/sdk';
import { ApiError, GoogleGenAI } from '@google/genai';
import type { ChannelName } from '@keymux/contracts';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { addServing, useHouse } from '../product/house.ts';
import { fault, type Fault, type Format } from '../provider-simulator/errors.ts';
import { words } from '../provider-simulator/openai.ts';

const house = useHouse();
const said = words.join('');

/** The provider's faults and the status that each SDK should raise for it. */
const faults: [number, Fault][] = [
  [401, 'invalid-key'],
  [404, 'not-found'],
  [429, 'rate-limit'],
  [503, 'overloaded'],
];

const serve = (channel: ChannelName) => addServing(house, { channel });
const fail = (format: Format, what: Fault) =>
  house.simulator.script({ answer: fault(format, what) });

describe('the openai SDK', () => {
  const client = (url: string, options: { maxRetries?: number } = {}) =>
    new OpenAI({ baseURL: `${url}/v1`, apiKey: house.keymux.proxyKey, ...options });
  const messages = [{ role: 'user' as const, content: 'hi' }];

  it('gets a completion', async () => {
    const { url } = await serve('openai');
    const done = await client(url).chat.completions.create({ model: 'gpt-4o-mini', messages });
    expect(done.choices[0]?.message.content).toBe(said);
    expect(done.usage?.total_tokens).toBe(29);
  });

  it('reads a stream with its usage', async () => {
    const { url } = await serve('openai');
    const stream = await client(url).chat.completions.create({
      model: 'gpt-4o-mini',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let total = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      total += chunk.usage?.total_tokens ?? 0;
    }
    expect([text, total]).toEqual([said, 29]);
  });

  it('gets embeddings, the model list, an upload and a download', async () => {
    const { url } = await serve('openai');
    const openai = client(url);
    const embedded = await openai.embeddings.create({
      model: 'text-embedding-3-small',
      input: ['a', 'b'],
    });
    expect(embedded.data.map((each) => each.embedding)).toEqual([
      [0.125, -0.25, 0.5],
      [0.125, -0.25, 0.5],
    ]);
    const models: string[] = [];
    for await (const model of openai.models.list()) models.push(model.id);
    expect(models).toContain('gpt-4o');
    const file = await openai.files.create({
      file: new File(['{"a":1}\n'], 'batch.jsonl'),
      purpose: 'batch',
    });
    expect(file.filename).toBe('batch.jsonl');
    const content = await openai.files.content(file.id);
    expect((await content.arrayBuffer()).byteLength).toBe(300_000);
  });

  it('gets audio transcribed, by the model that the group sends instead', async () => {
    const { url } = await addServing(house, {
      channel: 'openai',
      model_redirect_rules: { 'whisper-1': 'gpt-4o-transcribe' },
      model_redirect_strict: true,
    });
    const openai = client(url);
    const file = new File([new Uint8Array(2_000_000)], 'talk.wav');
    const asked = openai.audio.transcriptions.create({ file, model: 'whisper-1' });
    const { data, response } = await asked.withResponse();
    expect(data.text).toBe(said);
    const hit = house.simulator.hits.find(({ path }) => path.endsWith('/audio/transcriptions'));
    expect(hit?.bodyBytes).toBe(Number(hit?.headers['content-length']));
    const row = await house.keymux.api.log(response.headers.get('x-request-id') ?? '');
    expect(row).toMatchObject({ model: 'whisper-1', model_sent: 'gpt-4o-transcribe' });
    await expect(
      openai.audio.transcriptions.create({ file, model: 'another' }),
    ).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  it('gets responses, whole and streamed', async () => {
    const { url } = await serve('openai-response');
    const openai = client(url);
    const whole = await openai.responses.create({ model: 'gpt-4o-mini', input: 'hi' });
    expect(whole.output_text).toBe(said);
    const stream = await openai.responses.create({
      model: 'gpt-4o-mini',
      input: 'hi',
      stream: true,
    });
    let text = '';
    let tokens = 0;
    for await (const event of stream) {
      if (event.type === 'response.output_text.delta') text += event.delta;
      if (event.type === 'response.completed') tokens = event.response.usage?.total_tokens ?? 0;
    }
    expect([text, tokens]).toEqual([said, 29]);
  });

  const errors: Readonly<Record<number, abstract new (...args: never[]) => Error>> = {
    401: OpenAI.AuthenticationError,
    404: OpenAI.NotFoundError,
    429: OpenAI.RateLimitError,
    503: OpenAI.InternalServerError,
  };
  it.each(faults)('raises its own exception on %i', async (status, what) => {
    const { url } = await serve('openai');
    fail('openai', what);
    const openai = client(url, { maxRetries: 0 });
    const error: unknown = await openai.chat.completions
      .create({ model: 'gpt-4o-mini', messages })
      .catch((raised: unknown) => raised);
    expect(error).toBeInstanceOf(errors[status]);
    expect(error).toMatchObject({ status });
  });

  it('raises its own exceptions on what the gateway itself refuses', async () => {
    const { url } = await serve('openai');
    const wrong = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'pk-wrong', maxRetries: 0 });
    await expect(wrong.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    const nowhere = client(`${house.keymux.url}/proxy/nowhere`, { maxRetries: 0 });
    await expect(nowhere.models.list()).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  it("speaks to Gemini's OpenAI surface", async () => {
    const { url } = await serve('gemini');
    const openai = new OpenAI({
      baseURL: `${url}/v1beta/openai/`,
      apiKey: house.keymux.proxyKey,
    });
    const done = await openai.chat.completions.create({ model: 'gemini-2.0-flash', messages });
    expect(done.choices[0]?.message.content).toBe(said);
  });
});

describe('the @anthropic-ai/sdk', () => {
  const client = (url: string, options: { maxRetries?: number } = {}) =>
    new Anthropic({ baseURL: url, apiKey: house.keymux.proxyKey, ...options });
  const asked = {
    model: 'claude-sonnet-4-5',
    max_tokens: 64,
    messages: [{ role: 'user' as const, content: 'hi' }],
  };

  it('gets a message', async () => {
    const { url } = await serve('anthropic');
    const message = await client(url).messages.create(asked);
    expect(message.content[0]).toMatchObject({ type: 'text', text: said });
  });

  it('reads a stream', async () => {
    const { url } = await serve('anthropic');
    const message = await client(url).messages.stream(asked).finalMessage();
    expect(message.content[0]).toMatchObject({ text: said });
    expect(message.usage.output_tokens).toBe(10);
  });

  it('gets the model list and counts tokens', async () => {
    const { url } = await serve('anthropic');
    const models: string[] = [];
    for await (const model of client(url).models.list()) models.push(model.id);
    expect(models).toContain('claude-sonnet-4-5');
    const { model, messages } = asked;
    const counted = await client(url).messages.countTokens({ model, messages });
    expect(counted.input_tokens).toBe(19);
  });

  const errors: Readonly<Record<number, abstract new (...args: never[]) => Error>> = {
    401: Anthropic.AuthenticationError,
    404: Anthropic.NotFoundError,
    429: Anthropic.RateLimitError,
    // Anthropic's own number for an overload is 529.
    503: Anthropic.InternalServerError,
  };
  it.each(faults)('raises its own exception on %i', async (status, what) => {
    const { url } = await serve('anthropic');
    fail('anthropic', what);
    const error: unknown = await client(url, { maxRetries: 0 })
      .messages.create(asked)
      .catch((raised: unknown) => raised);
    expect(error).toBeInstanceOf(errors[status]);
    expect(error).toMatchObject({ status: status === 503 ? 529 : status });
  });

  it('raises its own exceptions on what the gateway itself refuses', async () => {
    const { url } = await serve('anthropic');
    const wrong = new Anthropic({ baseURL: url, apiKey: 'pk-wrong', maxRetries: 0 });
    const refused: unknown = await wrong.messages.create(asked).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Anthropic.AuthenticationError);
    expect(refused).toMatchObject({ requestID: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });
});

describe('the @google/genai SDK', () => {
  const client = (url: string) =>
    new GoogleGenAI({ apiKey: house.keymux.proxyKey, httpOptions: { baseUrl: url } });
  const asked = { model: 'gemini-2.0-flash', contents: 'hi' };

  it('gets content', async () => {
    const { url } = await serve('gemini');
    const content = await client(url).models.generateContent(asked);
    expect(content.text).toBe(said);
    expect(content.usageMetadata?.totalTokenCount).toBe(29);
  });

  it('reads a stream', async () => {
    const { url } = await serve('gemini');
    let text = '';
    for await (const chunk of await client(url).models.generateContentStream(asked)) {
      text += chunk.text ?? '';
    }
    expect(text).toBe(said);
  });

  it('gets embeddings and the model list', async () => {
    const { url } = await serve('gemini');
    const embedded = await client(url).models.embedContent({
      model: 'text-embedding-004',
      contents: 'a',
    });
    expect(embedded.embeddings?.[0]?.values).toEqual([0.125, -0.25, 0.5]);
    const models: (string | undefined)[] = [];
    for await (const model of await client(url).models.list()) models.push(model.name);
    expect(models).toContain('models/gemini-2.5-pro');
  });

  it('uploads a file in pieces, each with a key of the group', async () => {
    const { url, secrets } = await serve('gemini');
    const file = new Blob(['x'.repeat(9 * 1024 * 1024)], { type: 'text/plain' });
    const uploaded = await client(url).files.upload({ file });
    expect(uploaded.sizeBytes).toBe(String(1024 * 1024));
    expect(house.simulator.hits.map((each) => each.key)).toEqual([
      ...secrets,
      ...secrets,
      ...secrets,
    ]);
  });

  it.each(faults)('raises its own exception on %i', async (status, what) => {
    const { url } = await serve('gemini');
    fail('gemini', what);
    const error: unknown = await client(url)
      .models.generateContent(asked)
      .catch((raised: unknown) => raised);
    expect(error).toBeInstanceOf(ApiError);
    // Gemini says 400 where others say 401.
    expect(error).toMatchObject({ status: status === 401 ? 400 : status });
  });

  it('raises its own exceptions on what the gateway itself refuses', async () => {
    const { url } = await serve('gemini');
    const wrong = new GoogleGenAI({ apiKey: 'pk-wrong', httpOptions: { baseUrl: url } });
    const error: unknown = await wrong.models
      .generateContent(asked)
      .catch((raised: unknown) => raised);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 401 });
  });
});
