import { settings, type SettingName, type SettingValues } from '@keymux/contracts';
import { type FieldError, problem } from '@keymux/service';
import { checkProxyUrl, checkUrl } from '../group/check-group.ts';
import { readProxyKeys } from '../proxy-key/proxy-keys.ts';
import type { Decision } from '../revision/config-log.ts';
import { diffFields } from '../revision/diff.ts';
import type { ConfigState } from '../revision/state.ts';

export type SettingsPatch = { readonly [K in keyof SettingValues]?: SettingValues[K] | null };

/** Some settings changed; null takes one back to its inherited value. */
export function decideSettings(
  state: ConfigState,
  change: { readonly patch: SettingsPatch; readonly ifMatch: number | undefined },
  seal: (secret: string) => string,
): Decision {
  if (change.ifMatch !== undefined && change.ifMatch !== state.settingsRevision) {
    return problem('stale_revision', {
      detail: `They are at revision ${state.settingsRevision} now.`,
    });
  }
  const errors = checkSettings(change.patch);
  if (errors.length > 0) return problem('invalid', { errors });
  const values: Record<string, unknown> = { ...state.settings };
  for (const [name, value] of Object.entries(change.patch)) {
    if (value === null || value === undefined) delete values[name];
    else values[name] = name === 'proxy_keys' ? seal(String(value)) : value;
  }
  const diff = diffFields(state.settings, values);
  if (diff.length === 0) return null;
  return { kind: 'event', type: 'SettingsChanged', data: { values, diff } };
}

function checkSettings({ app_url, proxy_url, proxy_keys }: SettingsPatch): FieldError[] {
  const errors = checkProxyUrl(proxy_url);
  if (typeof app_url === 'string') {
    const message = checkUrl(app_url, { schemes: ['http:', 'https:'], forbidPrivate: false });
    if (message !== null) errors.push({ field: 'app_url', message });
  }
  if (typeof proxy_keys === 'string') {
    const bad = readProxyKeys(proxy_keys).find((key) => !/^[\x21-\x7e]{8,500}$/.test(key));
    if (bad !== undefined) {
      errors.push({
        field: 'proxy_keys',
        message: 'is a comma list of keys of 8 to 500 printable characters without spaces',
      });
    }
  }
  return errors;
}

export type Layered = {
  readonly value: unknown;
  readonly source: 'default' | 'environment' | 'system';
};

/** The value of each setting and the layer it comes from: system over environment over default. */
export function layerSettings(
  system: Readonly<Record<string, unknown>>,
  environment: Readonly<Partial<SettingValues>>,
): Map<SettingName, Layered> {
  return new Map(
    settings.map((setting): [SettingName, Layered] => {
      const { name } = setting;
      if (system[name] !== undefined) return [name, { value: system[name], source: 'system' }];
      const given = environment[name];
      if (given !== undefined) return [name, { value: given, source: 'environment' }];
      return [name, { value: setting.default, source: 'default' }];
    }),
  );
}
