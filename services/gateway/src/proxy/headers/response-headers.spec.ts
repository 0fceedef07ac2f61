import { describe, expect, it } from 'vitest';
import { readResponseHeaders, withCors } from './response-headers.ts';

describe('the headers of an answer', () => {
  it('go to the client in their order and case, with the id of the request', () => {
    const raw = ['X-B', '1', 'Set-Cookie', 'a=1', 'x-a', '2', 'Set-Cookie', 'b=2'];
    expect(readResponseHeaders(raw, 'id').forwarded).toEqual([...raw, 'x-request-id', 'id']);
  });

  it('name the request at the upstream, as OpenAI or as Anthropic does', () => {
    const idOf = (...raw: string[]) => readResponseHeaders(raw, 'id').upstreamRequestId;
    expect(idOf('X-Request-Id', 'req_1')).toBe('req_1');
    expect(idOf('request-id', 'req_2')).toBe('req_2');
    expect(idOf('request-id', 'req_2', 'x-request-id', 'req_1')).toBe('req_1');
    expect(idOf('x-other', 'req_3')).toBeNull();
  });

  it('are without those that the upstream names as of its connection', () => {
    const raw = ['Connection', 'keep-alive, X-Hop', 'x-hop', '1', 'x-end', '2'];
    expect(readResponseHeaders(raw, 'id').forwarded).toEqual(['x-end', '2', 'x-request-id', 'id']);
  });

  it('say once from where pages may read them, though the upstream says it, too', () => {
    const upstreams = ['Access-Control-Allow-Origin', '*', 'vary', 'accept', 'x-a', '1'];
    const ours = ['access-control-allow-origin', 'https://app.example', 'vary', 'origin'];
    expect(withCors(upstreams, ours)).toEqual(['vary', 'accept', 'x-a', '1', ...ours]);
    expect(withCors(upstreams, [])).toEqual(upstreams);
  });
});
