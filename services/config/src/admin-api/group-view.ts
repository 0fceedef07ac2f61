import type { GroupView, SettingValues } from '@keymux/contracts';
import type { Vault } from '@keymux/vault';
import { openText } from '../proxy-key/prepare-secrets.ts';
import type { ConfigState, KnownGroup } from '../revision/state.ts';
import { effectiveSettings } from '../settings/effective.ts';
import { layerSettings } from '../settings/layers.ts';

export interface ViewDeps {
  readonly vault: Vault;
  readonly environmentSettings: Readonly<Partial<SettingValues>>;
}

/** A group as the API shows it: with its endpoint and where each effective value comes from. */
export function groupView(known: KnownGroup, state: ConfigState, deps: ViewDeps): GroupView {
  const { group, revision, createdAt, updatedAt } = known;
  const layers = layerSettings(state.settings, deps.environmentSettings);
  const open = (value: unknown): unknown =>
    typeof value === 'string' ? openText(deps.vault, value) : value;
  const effective = [...effectiveSettings(group, layers)].map(
    ([name, { value, source }]): [string, GroupView['effective_config'][string]] => [
      name,
      { value: source === 'system' || source === 'group' ? open(value) : value, source },
    ],
  );
  const { proxy_url } = group.config;
  const config =
    typeof proxy_url === 'string'
      ? { ...group.config, proxy_url: openText(deps.vault, proxy_url) }
      : group.config;
  const appUrl = String(layers.get('app_url')?.value ?? '').replace(/\/+$/, '');
  return {
    ...group,
    config,
    proxy_keys: group.proxy_keys.map((sealed) => deps.vault.open(sealed)),
    endpoint: `${appUrl}/proxy/${group.name}`,
    effective_config: Object.fromEntries(effective),
    revision,
    created_at: createdAt,
    updated_at: updatedAt,
  };
}
