import type { FieldDiff, Operations, Setting } from '../api/generated.ts';

export type SettingsPatch = NonNullable<Operations['changeSettings']['body']>;
export type SettingName = keyof SettingsPatch;

/** What a person wrote into a field; null takes the inherited value. */
export type Draft = string | boolean | null;
export type Drafts = Readonly<Record<string, Draft>>;

/** What is wrong with what was written. */
export type DraftProblem =
  | { readonly kind: 'number' }
  | { readonly kind: 'range'; readonly min: number; readonly max: number }
  | { readonly kind: 'least'; readonly min: number };

/** What a field shows: what was written, else what is. */
export function shownIn(setting: Setting, drafts: Drafts): Draft {
  const draft = drafts[setting.name];
  return draft === undefined ? textOf(setting.value) : draft;
}

/** The drafts with one more; what equals the value as it is, is no draft. */
export function withDraft(drafts: Drafts, setting: Setting, draft: Draft): Drafts {
  const { [setting.name]: _was, ...others } = drafts;
  const rest: Drafts = others;
  const same =
    draft === null
      ? setting.source !== 'system'
      : draft === textOf(setting.value) || sameNumber(setting, draft);
  return same ? rest : { ...rest, [setting.name]: draft };
}

/** What is wrong with a draft, or null. */
export function problemOf(setting: Setting, draft: Draft | undefined): DraftProblem | null {
  if (setting.type !== 'integer' || draft === undefined || draft === null) return null;
  const text = String(draft).trim();
  if (!/^-?\d{1,15}$/.test(text)) return { kind: 'number' };
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = setting;
  const value = Number(text);
  if (value >= min && value <= max) return null;
  return Number.isFinite(max) ? { kind: 'range', min, max } : { kind: 'least', min };
}

/** What saving would change, secrets masked; in the order of the settings. */
export function diffOf(settings: readonly Setting[], drafts: Drafts): FieldDiff[] {
  return settings.flatMap((setting) => {
    const draft = drafts[setting.name];
    if (draft === undefined) return [];
    const after = draft === null ? null : valueOf(setting, draft);
    return [
      {
        field: setting.name,
        before: masked(setting.name, setting.value),
        after: masked(setting.name, after),
      },
    ];
  });
}

/** What is sent to change the settings. */
export function patchOf(settings: readonly Setting[], drafts: Drafts): SettingsPatch {
  return Object.fromEntries(
    settings.flatMap((setting) => {
      const draft = drafts[setting.name];
      if (draft === undefined) return [];
      return [[setting.name, draft === null ? null : valueOf(setting, draft)]];
    }),
  );
}

/** The keys of a comma list. */
export function keysOf(list: Draft): string[] {
  return String(list ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
}

/** A secret as it is shown: enough to know it again, not to use it. */
export function maskSecret(secret: string): string {
  return secret.length < 16
    ? `${secret.slice(0, 3)}…${secret.slice(-3)}`
    : `${secret.slice(0, 6)}…${secret.slice(-4)}`;
}

function masked(name: string, value: unknown): unknown {
  if (name === 'proxy_keys' && typeof value === 'string') return keysOf(value).map(maskSecret);
  if (name === 'proxy_url' && typeof value === 'string') {
    return value.replace(/^([a-z0-9]+:\/\/)[^/]*@/i, '$1…@');
  }
  return value;
}

function valueOf(setting: Setting, draft: string | boolean): string | boolean | number {
  return setting.type === 'integer' ? Number(draft) : draft;
}

function textOf(value: unknown): string | boolean {
  return typeof value === 'boolean' ? value : String(value ?? '');
}

function sameNumber(setting: Setting, draft: Draft): boolean {
  const text = String(draft).trim();
  return setting.type === 'integer' && text !== '' && Number(text) === setting.value;
}
