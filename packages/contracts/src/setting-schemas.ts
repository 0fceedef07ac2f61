import { Type, type TSchema } from 'typebox';
import { settings, type GroupConfig, type Setting, type SettingValues } from './settings.ts';

/** The schema of one setting's value, with its range. */
export function settingSchema(setting: Setting): TSchema {
  const about = { title: setting.title, description: setting.help };
  switch (setting.type) {
    case 'integer':
      return Type.Integer({
        ...about,
        ...(setting.min === undefined ? {} : { minimum: setting.min }),
        ...(setting.max === undefined ? {} : { maximum: setting.max }),
      });
    case 'boolean':
      return Type.Boolean(about);
    case 'string':
      return Type.String({ ...about, maxLength: 100_000 });
  }
}

const orNull = (setting: Setting): TSchema =>
  Type.Optional(Type.Union([settingSchema(setting), Type.Null()]));

/** A group's own settings; null returns to the inherited value. */
export const GroupConfigSchema = Type.Unsafe<{ [K in keyof GroupConfig]: GroupConfig[K] | null }>(
  Type.Object(
    Object.fromEntries(
      settings.filter((each) => each.groupOverridable).map((each) => [each.name, orNull(each)]),
    ),
    { additionalProperties: false },
  ),
);

/** What PATCH /api/settings accepts: only what changes; null returns to the inherited value. */
export const SettingsPatchSchema = Type.Unsafe<{
  [K in keyof SettingValues]?: SettingValues[K] | null;
}>(
  Type.Object(Object.fromEntries(settings.map((each) => [each.name, orNull(each)])), {
    additionalProperties: false,
  }),
);

/** A setting as the API shows it. */
export const SettingViewSchema = Type.Object({
  name: Type.String(),
  title: Type.String(),
  help: Type.String(),
  section: Type.String(),
  type: Type.Enum(['integer', 'boolean', 'string']),
  default: Type.Unknown(),
  min: Type.Optional(Type.Integer()),
  max: Type.Optional(Type.Integer()),
  value: Type.Unknown(),
  source: Type.Enum(['default', 'environment', 'system']),
  group_overridable: Type.Boolean(),
});
