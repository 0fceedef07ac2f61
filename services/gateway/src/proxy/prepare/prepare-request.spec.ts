import { describe, expect, it } from 'vitest';
import { standardGroup } from '../../live-config/live-group.fixture.ts';
import { nothingAsked } from '../body/asked-fields.ts';
import { fieldScanFor } from '../body/field-scan.ts';
import { prepareRequest } from './prepare-request.ts';
import { bufferedBody } from '../body/request-body.ts';
import { readRequestHeaders } from '../headers/request-headers.ts';

const strictly = (modelRedirectStrict: boolean) => ({
  ...standardGroup(),
  rewrite: { paramOverrides: null, modelRedirects: new Map([['a', 'b']]), modelRedirectStrict },
});

function prepared(contentType: string | undefined, text: string, group = strictly(false)) {
  const bytes = Buffer.from(text);
  const scan = fieldScanFor(contentType === undefined ? {} : { 'content-type': contentType });
  scan?.feed(bytes);
  const body = bufferedBody(bytes, scan?.found ?? nothingAsked);
  const bodyModel = body.asked.model;
  const headers = readRequestHeaders(
    contentType === undefined ? [] : ['Content-Type', contentType],
  );
  const request = { headers, body, path: '/v1/chat/completions', bodyModel, via: 'v' };
  const { refused, model, open, headers: sent } = prepareRequest(group, request);
  const length = sent[sent.indexOf('content-length') + 1];
  return { refused, model, sent: String(open()), length: Number(length) };
}

const part = (name: string, value: string): string =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const form = (...parts: string[]): string => `${parts.join('')}--b--\r\n`;

describe('the redirect of a model', () => {
  it.each(['application/json', 'Application/JSON; charset=UTF-8', undefined])(
    'changes a body of type %s',
    (contentType) => {
      expect(prepared(contentType, '{"model":"a","n":1}')).toEqual({
        refused: null,
        model: 'b',
        sent: '{"model":"b","n":1}',
        length: 19,
      });
    },
  );

  it('changes the model of a form, and not another byte', () => {
    const file = part('file', 'model=a \u00fc');
    const sent = form(file, part('model', 'b'), part('n', '1'));
    expect(
      prepared('multipart/form-data; boundary=b', form(file, part('model', 'a'), part('n', '1'))),
    ).toEqual({ refused: null, model: 'b', sent, length: Buffer.byteLength(sent) });
  });

  it('leaves bytes alone that name neither a type nor a model', () => {
    expect(prepared(undefined, 'bytes')).toMatchObject({
      refused: null,
      model: null,
      sent: 'bytes',
    });
  });

  it('leaves a form alone that names another model, or none', () => {
    for (const text of [form(part('model', 'c')), form(part('purpose', 'batch'))]) {
      expect(prepared('multipart/form-data; boundary=b', text)).toMatchObject({
        refused: null,
        sent: text,
      });
    }
  });

  it('refuses another model in a form when it is strict', () => {
    const type = 'multipart/form-data; boundary=b';
    expect(prepared(type, form(part('model', 'c')), strictly(true)).refused).toBe(
      'model_not_allowed',
    );
    expect(prepared(type, form(part('purpose', 'batch')), strictly(true)).refused).toBeNull();
  });
});
