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

/** What a view of a group is made with. */
export interface GroupViewDeps extends ViewDeps {
  /** The origin that the request for it came to, which works where nobody set `app_url`. */
  readonly cameTo: string | null;
}

/** A group as the API shows it: with its endpoint and where each effective value comes from. */
export function groupView(known: KnownGroup, state: ConfigState, deps: GroupViewDeps): GroupView {
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
  const appUrl = layers.get('app_url');
  const said = String(appUrl?.value ?? '').replace(/\/+$/, '');
  const base = appUrl?.source === 'default' ? (deps.cameTo ?? said) : said;
  return {
    ...group,
    config,
    proxy_keys: group.proxy_keys.map((sealed) => deps.vault.open(sealed)),
    endpoint: `${base}/proxy/${group.name}`,
    effective_config: Object.fromEntries(effective),
    revision,
    created_at: createdAt,
    updated_at: updatedAt,
  };
}
