import { describe, expect, it } from 'vitest';
import { standardGroup } from '../live-config/live-group.fixture.ts';
import { prepareRequest } from './prepare-request.ts';
import { bufferedBody } from './request-body.ts';
import { readRequestHeaders } from './request-headers.ts';

const group = {
  ...standardGroup(),
  rewrite: {
    paramOverrides: null,
    modelRedirects: new Map([['a', 'b']]),
    modelRedirectStrict: false,
  },
};

function prepared(rawHeaders: string[], text: string) {
  const body = bufferedBody(Buffer.from(text));
  const bodyModel = body.topLevel().model;
  const headers = readRequestHeaders(rawHeaders);
  const request = { headers, body, path: '/v1/chat/completions', bodyModel, via: 'v' };
  const { refused, model, open } = prepareRequest(group, request);
  return { refused, model, sent: String(open()) };
}

describe('the redirect of a model', () => {
  it.each([
    ['application/json', ['content-type', 'application/json']],
    ['Application/JSON; charset=UTF-8', ['Content-Type', 'Application/JSON; charset=UTF-8']],
    ['no type at all', []],
  ])('changes a body of %s', (_, headers) => {
    expect(prepared(headers, '{"model":"a","n":1}')).toEqual({
      refused: null,
      model: 'b',
      sent: '{"model":"b","n":1}',
    });
  });

  it('leaves bytes alone that name neither a type nor a model', () => {
    expect(prepared([], 'bytes')).toEqual({ refused: null, model: null, sent: 'bytes' });
  });
});
