import { describe, expect, it } from 'vitest';
import { addressOf } from './address.ts';

describe('the address of a call', () => {
  it('has its parameters filled in, encoded', () => {
    expect(addressOf('/api/groups/{name}/keys', { name: 'a/b' })).toBe('/api/groups/a%2Fb/keys');
  });
  it('leaves out what has no value, and keeps zero and false', () => {
    const query = { q: '', status: undefined, limit: 0, dry_run: false };
    expect(addressOf('/api/x', {}, query)).toBe('/api/x?limit=0&dry_run=false');
  });
});
