import { describe, expect, it } from 'vitest';
import type { Decision } from '../revision/decision.ts';
import { type ConfigState, initialState } from '../revision/state.ts';
import { decideSettings, secretsOf, type SettingsPatch } from './decide-settings.ts';
import { layerSettings } from './layers.ts';

const secrets = {
  sealOf: (secret: string) => `v1.${secret}`,
  shown: (field: string, value: unknown) => (field === 'proxy_keys' ? 'masked' : value),
  isAuthKey: (text: string) => text === 'the-auth-key',
};
const given: ConfigState = {
  ...initialState,
  revision: 9,
  settingsRevision: 4,
  settings: { max_retries: 2, proxy_keys: 'v1.sk-number-one' },
};
const decide = (patch: SettingsPatch, ifMatch?: number): Decision =>
  decideSettings(given, { patch, ifMatch }, secrets);

describe('changing settings', () => {
  it('keeps what the patch does not name, and says what changed', () => {
    expect(decide({ blacklist_threshold: 5 })).toMatchObject({
      type: 'SettingsChanged',
      data: {
        values: { max_retries: 2, blacklist_threshold: 5 },
        diff: [{ field: 'blacklist_threshold', before: null, after: 5 }],
      },
    });
  });

  it('takes one back with null', () => {
    const made = decide({ max_retries: null });
    expect(made?.kind === 'event' && made.type === 'SettingsChanged' && made.data.values).toEqual({
      proxy_keys: 'v1.sk-number-one',
    });
  });

  it('is no event when nothing changes', () => {
    expect(decide({})).toBeNull();
    expect(decide({ max_retries: 2, app_url: null })).toBeNull();
    expect(decide({ proxy_keys: 'sk-number-one' })).toBeNull();
  });

  it('seals proxy keys and proxies with a password, and nothing else', () => {
    const patch = {
      proxy_keys: 'sk-number-two',
      proxy_url: 'http://u:p@proxy',
      app_url: 'https://keymux.example',
    };
    expect(secretsOf(patch)).toEqual(['sk-number-two', 'http://u:p@proxy']);
    expect(secretsOf({ proxy_url: 'http://proxy', proxy_keys: null, max_retries: 1 })).toEqual([]);
    expect(decide(patch)).toMatchObject({
      data: {
        values: {
          proxy_keys: 'v1.sk-number-two',
          proxy_url: 'v1.http://u:p@proxy',
          app_url: 'https://keymux.example',
        },
      },
    });
  });

  it('goes by the revision of the last change of settings', () => {
    expect(decide({ max_retries: 3 }, 4)).toMatchObject({ type: 'SettingsChanged' });
    expect(decide({ max_retries: 3 }, 9)).toMatchObject({ code: 'stale_revision' });
  });

  it.each<[SettingsPatch, string]>([
    [{ app_url: 'ftp://a' }, 'app_url'],
    [{ app_url: 'https://u:p@a' }, 'app_url'],
    [{ app_url: 'https://a?x' }, 'app_url'],
    [{ proxy_url: 'gopher://a' }, 'proxy_url'],
    [{ proxy_keys: 'short' }, 'proxy_keys'],
    [{ proxy_keys: 'long-enough-1, with space' }, 'proxy_keys'],
    [{ proxy_keys: 'long-enough-1,long-enough-1' }, 'proxy_keys'],
    [{ proxy_keys: 'long-enough-1,the-auth-key' }, 'proxy_keys'],
  ])('is refused with %j', (patch, field) => {
    expect(decide({ max_retries: 9, ...patch })).toMatchObject({
      code: 'invalid',
      errors: [{ field }],
    });
  });
});

describe('a setting', () => {
  it('comes from the system over the environment over the default', () => {
    const layers = layerSettings({ max_retries: 0 }, { max_retries: 7, connect_timeout: 3 });
    expect(layers.get('max_retries')).toEqual({ value: 0, source: 'system' });
    expect(layers.get('connect_timeout')).toEqual({ value: 3, source: 'environment' });
    expect(layers.get('request_timeout')).toEqual({ value: 600, source: 'default' });
  });
});
