import { settings, type SettingName, type SettingValues } from '@keymux/contracts';

/** A setting's value before any group's, and the layer it comes from. */
export interface Layered {
  readonly value: unknown;
  readonly source: 'default' | 'environment' | 'system';
}

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
