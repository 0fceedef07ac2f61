import { describe, expect, it } from 'vitest';
import { parseAddress } from './address.ts';

describe('the address of a proxied request', () => {
  it('keeps path and query byte for byte', () => {
    expect(parseAddress('/proxy/main/v1/files/a%2Fb//c?x=1&y=%20&x=2')).toEqual({
      group: 'main',
      path: '/v1/files/a%2Fb//c',
      query: '?x=1&y=%20&x=2',
      queryKey: null,
    });
  });

  it('takes the client’s key out of the query and nothing else', () => {
    expect(parseAddress('/proxy/g/v1beta/models?pageSize=5&key=sk%2D1&monkey=2')).toEqual({
      group: 'g',
      path: '/v1beta/models',
      query: '?pageSize=5&monkey=2',
      queryKey: 'sk-1',
    });
    expect(parseAddress('/proxy/g/v1?key=a')?.query).toBe('');
  });

  it('knows a group without a path', () => {
    expect(parseAddress('/proxy/g')).toMatchObject({ group: 'g', path: '/' });
    expect(parseAddress('/proxy/g?a=/b')).toMatchObject({ group: 'g', path: '/', query: '?a=/b' });
  });

  it('compares a key that is not percent-encoding as it stands', () => {
    expect(parseAddress('/proxy/g/v1?key=%zz')?.queryKey).toBe('%zz');
  });

  it('is null for what is not proxied', () => {
    expect(parseAddress('/api/groups')).toBeNull();
    expect(parseAddress('/proxyish/g')).toBeNull();
  });
});
