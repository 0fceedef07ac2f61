import { settings, type SettingViewSchema } from '@keymux/contracts';
import type { Static } from 'typebox';
import { openText } from '../proxy-key/prepare-secrets.ts';
import type { ConfigState } from '../revision/state.ts';
import { layerSettings } from '../settings/layers.ts';
import type { ViewDeps } from './group-view.ts';

/** Every setting with its schema, value and source. */
export function settingViews(
  state: ConfigState,
  { vault, environmentSettings }: ViewDeps,
): Static<typeof SettingViewSchema>[] {
  const layers = layerSettings(state.settings, environmentSettings);
  return settings.map((setting) => {
    const { value, source } = layers.get(setting.name) ?? {
      value: setting.default,
      source: 'default',
    };
    return {
      name: setting.name,
      title: setting.title,
      help: setting.help,
      section: setting.section,
      type: setting.type,
      default: setting.default,
      ...(setting.min === undefined ? {} : { min: setting.min }),
      ...(setting.max === undefined ? {} : { max: setting.max }),
      value: source === 'system' && typeof value === 'string' ? openText(vault, value) : value,
      source,
      group_overridable: setting.groupOverridable,
    };
  });
}
