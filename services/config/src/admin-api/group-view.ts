import { type GroupView, settings, type SettingValues } from '@keymux/contracts';
import type { Vault } from '@keymux/vault';
import { openText } from '../proxy-key/prepare-secrets.ts';
import type { ConfigState, KnownGroup } from '../revision/state.ts';
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
  const own: Readonly<Record<string, unknown>> = { ...group.config };
  const effective = settings
    .filter((setting) => setting.groupOverridable)
    .map((setting): [string, GroupView['effective_config'][string]] => {
      const { name } = setting;
      if (own[name] !== undefined) return [name, { value: open(own[name]), source: 'group' }];
      const { value, source } = layers.get(name) ?? { value: setting.default, source: 'default' };
      return [name, { value: source === 'system' ? open(value) : value, source }];
    });
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
