import { describe, expect, it } from 'vitest';
import { corsHeaders, type CorsRules, preflightHeaders } from './cors.ts';

const rules: CorsRules = {
  enabled: true,
  allowedOrigins: ['https://app.example'],
  allowedMethods: ['GET', 'POST'],
  allowedHeaders: ['*'],
  allowCredentials: false,
};

describe('CORS', () => {
  it('says nothing when it is off or the origin is not allowed', () => {
    expect(corsHeaders({ ...rules, enabled: false }, 'https://app.example')).toEqual([]);
    expect(corsHeaders(rules, 'https://evil.example')).toEqual([]);
    expect(corsHeaders(rules, undefined)).toEqual([]);
  });

  it('names the origin when credentials are allowed, even for *', () => {
    const headers = corsHeaders(
      { ...rules, allowedOrigins: ['*'], allowCredentials: true },
      'https://a.example',
    );
    expect(headers).toContain('https://a.example');
    expect(headers).toContain('access-control-allow-credentials');
  });

  it('answers a preflight and nothing else', () => {
    const preflight = {
      method: 'OPTIONS',
      origin: 'https://app.example',
      requestedMethod: 'POST',
      requestedHeaders: 'authorization, x-a',
    };
    const headers = preflightHeaders(rules, preflight);
    expect(headers).toContain('GET, POST');
    expect(headers).toContain('authorization, x-a');
    expect(preflightHeaders(rules, { ...preflight, method: 'POST' })).toBeNull();
    expect(preflightHeaders(rules, { ...preflight, requestedMethod: undefined })).toBeNull();
  });
});
