import { describe, expect, it } from 'vitest';
import { endpointOf } from './endpoint.ts';

const group = { name: 'g', endpoint: 'https://keymux.example/proxy/g' };
const appUrl = (source: 'default' | 'environment' | 'system') => [{ name: 'app_url', source }];

describe('the endpoint of a group', () => {
  it('is where the console is, while nobody said otherwise', () => {
    const endpoint = endpointOf(group, appUrl('default'), 'http://10.0.0.5:3001');
    expect(endpoint).toBe('http://10.0.0.5:3001/proxy/g');
  });
  it.each(['environment', 'system'] as const)('is what the %s says', (source) => {
    expect(endpointOf(group, appUrl(source), 'http://localhost')).toBe(group.endpoint);
  });
});
