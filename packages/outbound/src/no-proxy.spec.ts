import { describe, expect, it } from 'vitest';
import { readNoProxy } from './no-proxy.ts';

const rows: readonly [noProxy: string, host: string, port: number, bypassed: boolean][] = [
  ['', 'example.com', 443, false],
  ['*', 'example.com', 443, true],
  ['none.invalid, *', '::1', 80, true],
  ['*:80', 'example.com', 80, true],
  ['*:80', 'example.com', 443, false],
  ['example.com', 'example.com', 443, true],
  ['example.com', 'EXAMPLE.com.', 443, true],
  ['example.com', 'api.example.com', 443, true],
  ['example.com', 'badexample.com', 443, false],
  ['.example.com', 'example.com', 443, true],
  ['.example.com', 'api.example.com', 443, true],
  ['*.example.com', 'api.example.com', 443, true],
  ['*.example.com', 'example.com', 443, false],
  ['example.com:8443', 'example.com', 8443, true],
  ['example.com:8443', 'example.com', 443, false],
  ['a.test b.test,c.test', 'b.test', 443, true],
  ['127.0.0.1', '127.0.0.1', 80, true],
  ['127.0.0.1', '127.0.0.2', 80, false],
  ['10.0.0.0/8', '10.1.2.3', 80, true],
  ['10.0.0.0/8', '11.1.2.3', 80, false],
  ['10.0.0.0/8', 'ten.test', 80, false],
  ['10.0.0.0/99', '10.1.2.3', 80, false],
  ['fd00::/8', 'fd12::1', 80, true],
  ['::1', '::1', 80, true],
  ['[::1]', '::1', 80, true],
  ['[::1]:8080', '::1', 8080, true],
  ['[::1]:8080', '::1', 80, false],
];

describe('NO_PROXY', () => {
  it.each(rows)('%j with %s port %i: past the proxy is %s', (noProxy, host, port, bypassed) => {
    expect(readNoProxy(noProxy)(host, port)).toBe(bypassed);
  });
});
