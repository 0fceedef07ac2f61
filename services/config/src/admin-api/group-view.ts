import { type GroupView, settings, type SettingValues } from '@keymux/contracts';
import type { Vault } from '@keymux/vault';
import type { ConfigState, KnownGroup } from '../revision/state.ts';
import { layerSettings } from '../settings/decide-settings.ts';

export interface ViewDeps {
  readonly vault: Vault;
  readonly environmentSettings: Readonly<Partial<SettingValues>>;
}

/** A group as the API shows it: with its endpoint and where each effective value comes from. */
export function groupView(known: KnownGroup, state: ConfigState, deps: ViewDeps): GroupView {
  const { group, revision, createdAt, updatedAt } = known;
  const layers = layerSettings(state.settings, deps.environmentSettings);
  const own: Readonly<Record<string, unknown>> = { ...group.config };
  const effective = settings
    .filter((setting) => setting.groupOverridable)
    .map(({ name }): [string, GroupView['effective_config'][string]] => [
      name,
      own[name] === undefined
        ? (layers.get(name) ?? { value: null, source: 'default' })
        : { value: own[name], source: 'group' },
    ]);
  const appUrl = String(layers.get('app_url')?.value ?? '').replace(/\/+$/, '');
  return {
    ...group,
    proxy_keys: group.proxy_keys.map((sealed) => deps.vault.open(sealed)),
    endpoint: `${appUrl}/proxy/${group.name}`,
    effective_config: Object.fromEntries(effective),
    revision,
    created_at: createdAt,
    updated_at: updatedAt,
  };
}

/** Every setting with its schema, value and source. */
export function settingViews(state: ConfigState, { vault, environmentSettings }: ViewDeps) {
  const layers = layerSettings(state.settings, environmentSettings);
  return settings.map((setting) => {
    const { value, source } = layers.get(setting.name) ?? {
      value: setting.default,
      source: 'default',
    };
    const sealed = setting.name === 'proxy_keys' && source === 'system';
    return {
      name: setting.name,
      title: setting.title,
      help: setting.help,
      section: setting.section,
      type: setting.type,
      default: setting.default,
      ...(setting.min === undefined ? {} : { min: setting.min }),
      ...(setting.max === undefined ? {} : { max: setting.max }),
      value: sealed ? vault.open(String(value)) : value,
      source,
      group_overridable: setting.groupOverridable,
    };
  });
}
