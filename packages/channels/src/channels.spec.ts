import { channelNames } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import { channelByName, channels } from './channels.ts';

const { openai, gemini, anthropic } = {
  openai: channelByName('openai'),
  gemini: channelByName('gemini'),
  anthropic: channelByName('anthropic'),
};
const noNames = new Set<string>();

describe('the channels', () => {
  it('are those of the contracts, each under its name', () => {
    expect(channels.map((each) => each.name)).toEqual([...channelNames]);
    for (const name of channelNames) expect(channelByName(name).name).toBe(name);
  });
});

describe('credentials for the upstream', () => {
  it('are a bearer token for OpenAI', () => {
    for (const name of ['openai', 'openai-response'] as const) {
      expect(channelByName(name).credentialHeaders('s', '/v1/x', noNames)).toEqual([
        'authorization',
        'Bearer s',
      ]);
    }
  });

  it('are x-api-key for Anthropic, with a version only when the client sent none', () => {
    expect(anthropic.credentialHeaders('s', '/v1/messages', noNames)).toEqual([
      'x-api-key',
      's',
      'anthropic-version',
      '2023-06-01',
    ]);
    expect(
      anthropic.credentialHeaders('s', '/v1/messages', new Set(['anthropic-version'])),
    ).toEqual(['x-api-key', 's']);
  });

  it('are x-goog-api-key for Gemini, and a bearer token at its OpenAI endpoints', () => {
    expect(gemini.credentialHeaders('s', '/v1beta/models/g:generateContent', noNames)).toEqual([
      'x-goog-api-key',
      's',
    ]);
    expect(gemini.credentialHeaders('s', '/v1beta/openai/chat/completions', noNames)).toEqual([
      'authorization',
      'Bearer s',
    ]);
  });
});

describe('a stream', () => {
  const asked = {
    method: 'POST',
    path: '/v1/chat/completions',
    query: '',
    accept: null,
    bodyStream: undefined,
  };

  it('is asked for by the body, by Accept or in the query at OpenAI', () => {
    for (const name of ['openai', 'openai-response'] as const) {
      const channel = channelByName(name);
      expect(channel.isStreaming({ ...asked, bodyStream: true })).toBe(true);
      expect(channel.isStreaming({ ...asked, accept: 'Text/Event-Stream, */*' })).toBe(true);
      expect(channel.isStreaming({ ...asked, method: 'GET', query: '?a=1&stream=true' })).toBe(
        true,
      );
      expect(channel.isStreaming({ ...asked, accept: 'application/json' })).toBe(false);
      expect(channel.isStreaming({ ...asked, bodyStream: false })).toBe(false);
    }
  });

  it('is asked for by the body at Anthropic', () => {
    expect(anthropic.isStreaming({ ...asked, bodyStream: true })).toBe(true);
    expect(anthropic.isStreaming({ ...asked, accept: 'text/event-stream' })).toBe(false);
  });

  it('is asked for by path or query at Gemini', () => {
    const path = '/v1beta/models/g:generateContent';
    expect(gemini.isStreaming({ ...asked, path })).toBe(false);
    expect(gemini.isStreaming({ ...asked, path, query: '?alt=sse' })).toBe(true);
    expect(gemini.isStreaming({ ...asked, path, query: '?x=alt=sses' })).toBe(false);
    expect(gemini.isStreaming({ ...asked, path: '/v1beta/models/g:streamGenerateContent' })).toBe(
      true,
    );
    expect(
      gemini.isStreaming({
        ...asked,
        path: '/v1beta/openai/chat/completions',
        bodyStream: true,
      }),
    ).toBe(true);
  });
});

describe('the model', () => {
  it('is in the body', () => {
    expect(openai.modelOf({ path: '/v1/models/x', bodyModel: 'm' })).toBe('m');
    expect(openai.withModel('/v1/models/x', 'y')).toBe('/v1/models/x');
  });

  it('is in the path at Gemini, else in the body', () => {
    const modelOf = (path: string) => gemini.modelOf({ path, bodyModel: 'b' });
    expect(modelOf('/v1beta/models/gemini-2.5-pro:generateContent')).toBe('gemini-2.5-pro');
    expect(modelOf('/v1beta/models/gemini-2.5-pro')).toBe('gemini-2.5-pro');
    expect(modelOf('/v1/publishers/google/models/g%2Dx:countTokens')).toBe('g-x');
    expect(modelOf('/v1beta/models/a%zz:generateContent')).toBe('a%zz');
    expect(modelOf('/v1beta/models')).toBe('b');
    expect(modelOf('/v1beta/models/')).toBe('b');
    expect(modelOf('/v1beta/openai/chat/completions')).toBe('b');
  });

  it('is put into the path at Gemini', () => {
    expect(gemini.withModel('/v1beta/models/a:streamGenerateContent', 'b c/d')).toBe(
      '/v1beta/models/b%20c/d:streamGenerateContent',
    );
    expect(gemini.withModel('/v1beta/files/a', 'b')).toBe('/v1beta/files/a');
  });
});

describe('a call', () => {
  it('may be sent again when it only computes or reads', () => {
    for (const path of [
      '/v1/chat/completions',
      '/v1/completions',
      '/v1/responses',
      '/v1/messages',
      '/v1/messages/count_tokens',
      '/v1/embeddings',
      '/openai/deployments/x/chat/completions/',
      '/v1beta/models/g:generateContent',
      '/v1beta/models/g:streamGenerateContent',
      '/v1beta/models/g:batchEmbedContents',
    ]) {
      for (const channel of channels) expect(channel.inference('POST', path)).toBe(true);
    }
    expect(openai.inference('GET', '/v1/files')).toBe(true);
    expect(openai.inference('HEAD', '/v1/files')).toBe(true);
  });

  it('may not when it creates or changes something', () => {
    for (const path of [
      '/v1/files',
      '/v1/batches',
      '/v1/fine_tuning/jobs',
      '/v1/messages/batches',
      '/v1/responses/resp_1/cancel',
      '/v1/threads/t/messages',
      '/v1beta/models/g:batchGenerateContent',
      '/v1beta/models/v:predictLongRunning',
      '/upload/v1beta/files',
      '/v1/images/generations',
    ]) {
      for (const channel of channels) expect(channel.inference('POST', path)).toBe(false);
    }
    expect(openai.inference('DELETE', '/v1/responses')).toBe(false);
  });
});

describe('a probe', () => {
  it('is the smallest call of the channel', () => {
    const probes = channels.map((each) => each.probe({ testModel: 'm' }));
    expect(probes.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/chat/completions',
      'POST /v1/responses',
      'POST /v1beta/models/m:generateContent',
      'POST /v1/messages',
    ]);
    const [chat] = probes;
    expect(JSON.parse(chat?.body ?? '')).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'hi' }],
      max_tokens: 1,
    });
  });

  it('goes where the group says', () => {
    const at = (validationEndpoint: string) => openai.probe({ testModel: 'm', validationEndpoint });
    expect(at('/api/v3/chat')).toMatchObject({ method: 'POST', path: '/api/v3/chat' });
    expect(at('v1/chat?x=1')).toMatchObject({ path: '/v1/chat?x=1' });
    expect(at('')).toMatchObject({ path: '/v1/chat/completions' });
    expect(at('GET /v1/models')).toEqual({ method: 'GET', path: '/v1/models', body: null });
  });
});

describe('an error of ours', () => {
  const error = { status: 503, code: 'no_key', message: 'No key "left"' };

  it('has the shape of the channel', () => {
    expect(channels.map((each) => JSON.parse(each.errorBody(error)) as unknown)).toEqual([
      { error: { message: error.message, type: 'server_error', param: null, code: 'no_key' } },
      { error: { message: error.message, type: 'server_error', param: null, code: 'no_key' } },
      { error: { code: 503, message: error.message, status: 'UNAVAILABLE' } },
      { type: 'error', error: { type: 'overloaded_error', message: error.message } },
    ]);
  });

  it('has the names that go with its status', () => {
    const namesOf = (status: number) =>
      [openai, gemini, anthropic].map((each) => {
        const body = JSON.parse(each.errorBody({ ...error, status })) as {
          error: { type?: string; status?: string };
        };
        return body.error.status ?? body.error.type;
      });
    expect(namesOf(400)).toEqual([
      'invalid_request_error',
      'INVALID_ARGUMENT',
      'invalid_request_error',
    ]);
    expect(namesOf(401)).toEqual([
      'authentication_error',
      'UNAUTHENTICATED',
      'authentication_error',
    ]);
    expect(namesOf(404)).toEqual(['invalid_request_error', 'NOT_FOUND', 'not_found_error']);
    expect(namesOf(429)).toEqual(['rate_limit_error', 'RESOURCE_EXHAUSTED', 'rate_limit_error']);
    expect(namesOf(500)).toEqual(['server_error', 'INTERNAL', 'api_error']);
    expect(namesOf(504)).toEqual(['server_error', 'DEADLINE_EXCEEDED', 'timeout_error']);
  });

  it('is read back by its own channel', () => {
    for (const channel of channels) {
      const facts = channel.errorFacts(503, {}, channel.errorBody(error));
      expect(facts.message).toBe(error.message);
    }
  });
});

describe('a list of models', () => {
  it('is read in the shape of the channel, and of another one nothing is', () => {
    const data = { data: [{ id: 'a' }, { id: 'b', type: 'model' }, {}] };
    const models = { models: [{ name: 'models/a' }, { name: 'tunedModels/b' }] };
    expect(openai.models.namesIn(data)).toEqual(['a', 'b']);
    expect(anthropic.models.namesIn(data)).toEqual(['a', 'b']);
    expect(gemini.models.namesIn(models)).toEqual(['a', 'tunedModels/b']);
    for (const { models: list } of channels) {
      for (const other of [undefined, null, 'x', [], { data: 1, models: {} }]) {
        expect(list.namesIn(other)).toEqual([]);
      }
    }
  });
});
