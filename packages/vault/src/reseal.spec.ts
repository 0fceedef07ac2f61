import { describe, expect, it } from 'vitest';
import { resealData } from './reseal.ts';
import { createVault, VaultError } from './vault.ts';

const old = createVault('the old key');
const both = createVault('the new key', { previous: 'the old key' });
const fresh = createVault('the new key');

describe('resealing data', () => {
  it('seals everything of the previous key anew, wherever it is', () => {
    const resealed = resealData(both, {
      note: 'v1. is no seal',
      list: [old.seal('first'), 7, null],
      deep: { config: { proxy_url: old.seal('second') } },
    });
    expect(resealed).toMatchObject({ note: 'v1. is no seal', list: [expect.any(String), 7, null] });
    const sealed = JSON.stringify(resealed).match(/v1\.[\w-]{8}\.[\w-]+/g) ?? [];
    expect(sealed.map((each) => fresh.open(each))).toEqual(['first', 'second']);
  });

  it('puts the fingerprint beside a seal anew too', () => {
    const data = { sealed: old.seal('secret'), fingerprint: old.fingerprint('secret'), group: 'g' };
    expect(resealData(both, data)).toMatchObject({
      group: 'g',
      fingerprint: fresh.fingerprint('secret'),
    });
  });

  it('has nothing to do for what the current key sealed, or another one', () => {
    const stranger = createVault('a third key').seal('theirs');
    const data = { sealed: fresh.seal('secret'), fingerprint: 'f', stranger };
    expect(resealData(both, data)).toBeNull();
    expect(resealData(fresh, { sealed: old.seal('secret') })).toBeNull();
  });

  it('says so when a seal was changed', () => {
    const sealed = old.seal('secret');
    const tampered = sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA');
    expect(() => resealData(both, { tampered })).toThrow(VaultError);
  });
});
