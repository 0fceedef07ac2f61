import { describe, expect, it } from 'vitest';
import type { RewriteRules } from '../../live-config/live-group.ts';
import { rewriteBody } from './rewrite.ts';

const rules = (over: Partial<RewriteRules>): RewriteRules => ({
  paramOverrides: null,
  modelRedirects: new Map(),
  modelRedirectStrict: false,
  ...over,
});

const request = (text: string, model: string | null) => ({
  json: true,
  model,
  read: () => Buffer.from(text),
});

describe('rewriting', () => {
  it('redirects a model in the body', () => {
    const redirects = rules({ modelRedirects: new Map([['a', 'b']]) });
    const result = rewriteBody(redirects, request('{"model":"a","n":1}', 'a'));
    expect(result).toMatchObject({ kind: 'rewritten', model: 'b' });
    expect(String(result.kind === 'rewritten' ? result.body : null)).toBe('{"model":"b","n":1}');
  });

  it('leaves the bytes alone when no rule says anything', () => {
    const redirects = rules({ modelRedirects: new Map([['a', 'b']]) });
    expect(rewriteBody(redirects, request('{ "model" : "c" }', 'c'))).toEqual({
      kind: 'rewritten',
      body: null,
      model: 'c',
    });
  });

  it('refuses other models when strict', () => {
    const strict = rules({ modelRedirects: new Map([['a', 'b']]), modelRedirectStrict: true });
    expect(rewriteBody(strict, request('{"model":"c"}', 'c')).kind).toBe('model-not-allowed');
    expect(rewriteBody(strict, request('{"model":"a"}', 'a')).kind).toBe('rewritten');
  });

  it('says when a body that must change is no JSON object', () => {
    const overrides = rules({ paramOverrides: { n: 1 } });
    expect(rewriteBody(overrides, request('[1]', null)).kind).toBe('not-json');
    expect(rewriteBody(overrides, request('{', null)).kind).toBe('not-json');
  });
});
