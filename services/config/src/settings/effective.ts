import { type Group, type Layer, settings } from '@keymux/contracts';
import type { Layered } from './layers.ts';

/** A value that holds for a group, and the layer it comes from; sealed when it is kept so. */
export interface Effective {
  readonly value: unknown;
  readonly source: Layer;
}

/** The settings that a group may have its own of, as they hold for it: its own over the layers below. */
export function effectiveSettings(
  { config }: Pick<Group, 'config'>,
  layers: ReadonlyMap<string, Layered>,
): Map<string, Effective> {
  const own: Readonly<Record<string, unknown>> = { ...config };
  return new Map(
    settings
      .filter((setting) => setting.groupOverridable)
      .map((setting): [string, Effective] => {
        const { name } = setting;
        if (own[name] !== undefined) return [name, { value: own[name], source: 'group' }];
        return [name, layers.get(name) ?? { value: setting.default, source: 'default' }];
      }),
  );
}
