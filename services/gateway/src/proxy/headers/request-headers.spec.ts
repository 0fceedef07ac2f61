import { describe, expect, it } from 'vitest';
import { readRequestHeaders } from './request-headers.ts';

describe('the headers of a request', () => {
  it('go on in their order and case, and as often as they came', () => {
    const raw = ['X-B', '1', 'x-a', '2', 'X-A', '3', 'cf-aig-authorization', 'Bearer of another'];
    expect(readRequestHeaders(raw).forwarded).toEqual(raw);
  });

  it.each([
    ['nginx', ['X-Real-IP', '203.0.113.7', 'X-Scheme', 'https', 'X-Forwarded-Host', 'h']],
    ['an ingress behind another', ['X-Original-Forwarded-For', '203.0.113.7']],
    ['Cloudflare', ['CF-Connecting-IPv6', '2001:db8::7', 'CF-Worker', 'a.example', 'CF-Ray', '1']],
    ['Fastly', ['Fastly-Client-IP', '203.0.113.7']],
    ['Fly', ['Fly-Client-IP', '203.0.113.7']],
    ['Azure', ['X-Azure-ClientIP', '203.0.113.7', 'X-Azure-SocketIP', '203.0.113.7']],
    ['Istio', ['x-envoy-peer-metadata', 'abc', 'x-envoy-peer-metadata-id', 'router~10.0.0.7']],
  ])('are without what %s adds of the client and of this side', (_, added) => {
    expect(readRequestHeaders(['x-a', '1', ...added]).forwarded).toEqual(['x-a', '1']);
  });
});
