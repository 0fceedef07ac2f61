import type { SettingValues } from '@keymux/contracts';
import { checkProxyAddress, checkWebAddress } from '@keymux/outbound';
import { type FieldError, problem } from '@keymux/service';
import { readProxyKeys } from '../proxy-key/key-list.ts';
import { holdsCredentials, type Secrets } from '../proxy-key/secrets.ts';
import type { Decision } from '../revision/decision.ts';
import { diffFields } from '../revision/diff.ts';
import type { ConfigState } from '../revision/state.ts';

export type SettingsPatch = { readonly [K in keyof SettingValues]?: SettingValues[K] | null };

/** Some settings changed; null takes one back to its inherited value. */
export function decideSettings(
  state: ConfigState,
  change: { readonly patch: SettingsPatch; readonly ifMatch: number | undefined },
  secrets: Secrets,
): Decision {
  if (change.ifMatch !== undefined && change.ifMatch !== state.settingsRevision) {
    return problem('stale_revision', {
      detail: `They are at revision ${state.settingsRevision} now.`,
    });
  }
  const errors = checkSettings(change.patch, secrets);
  if (errors.length > 0) return problem('invalid', { errors });
  const values: Record<string, unknown> = { ...state.settings };
  for (const [name, value] of Object.entries(change.patch)) {
    if (value === null || value === undefined) delete values[name];
    else values[name] = isSecret(name, String(value)) ? secrets.sealOf(String(value)) : value;
  }
  const diff = diffFields(state.settings, values, secrets.shown);
  if (diff.length === 0) return null;
  return { kind: 'event', type: 'SettingsChanged', data: { values, diff } };
}

/** The values of a patch that are kept sealed. */
export function secretsOf(patch: SettingsPatch): string[] {
  return Object.entries(patch)
    .filter(([name, value]) => typeof value === 'string' && isSecret(name, value))
    .map(([, value]) => String(value));
}

function isSecret(name: string, value: string): boolean {
  return name === 'proxy_keys' || (name === 'proxy_url' && holdsCredentials(value));
}

function checkSettings(
  { app_url, proxy_url, proxy_keys }: SettingsPatch,
  secrets: Secrets,
): FieldError[] {
  const appUrl =
    typeof app_url === 'string' ? checkWebAddress(app_url, { forbidPrivate: false }) : null;
  const proxyUrl = checkProxyAddress(proxy_url ?? '');
  const proxyKeys = checkProxyKeys(readProxyKeys(proxy_keys ?? ''), secrets);
  return [
    ...(appUrl === null ? [] : [{ field: 'app_url', message: appUrl }]),
    ...(proxyUrl === null ? [] : [{ field: 'proxy_url', message: proxyUrl }]),
    ...(proxyKeys === null ? [] : [{ field: 'proxy_keys', message: proxyKeys }]),
  ];
}

function checkProxyKeys(keys: readonly string[], secrets: Secrets): string | null {
  if (!keys.every((key) => /^[\x21-\x7e]{8,500}$/.test(key))) {
    return 'is a comma list of keys of 8 to 500 printable characters without spaces';
  }
  if (new Set(keys).size < keys.length) return 'has a key twice';
  return keys.some((key) => secrets.isAuthKey(key)) ? 'must not have the AUTH_KEY in it' : null;
}
