import type { Channel, Group, NewGroup } from '../api/generated.ts';

/** A group as a form holds it: all fields there, rules as text. */
export interface Draft {
  readonly name: string;
  readonly type: 'standard' | 'aggregate';
  readonly channel: Group['channel'];
  readonly display_name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly upstreams: readonly { readonly url: string; readonly weight: number }[];
  readonly members: readonly { readonly group: string; readonly weight: number }[];
  readonly test_model: string;
  readonly validation_endpoint: string;
  /** One a line. */
  readonly proxy_keys: string;
  /** Overridden settings only. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly model_redirect_strict: boolean;
  readonly rules: Readonly<Record<RuleField, string>>;
}

export const ruleFields = [
  'model_redirect_rules',
  'param_overrides',
  'header_rules',
  'error_rules',
] as const;
export type RuleField = (typeof ruleFields)[number];

const ruleText = (value: unknown): string =>
  value === undefined || Object.keys(value as object).length === 0
    ? ''
    : JSON.stringify(value, null, 2);

/** A form for a group that is not there yet. */
export function emptyDraft(channel: Channel | undefined): Draft {
  return {
    name: '',
    type: 'standard',
    channel: channel?.name ?? 'openai',
    display_name: '',
    description: '',
    enabled: true,
    upstreams: [{ url: channel?.base_url ?? '', weight: 1 }],
    members: [],
    test_model: channel?.test_model ?? '',
    validation_endpoint: '',
    proxy_keys: '',
    config: {},
    model_redirect_strict: false,
    rules: { model_redirect_rules: '', param_overrides: '', header_rules: '', error_rules: '' },
  };
}

/** A form for a group that is there. */
export function draftOf(group: Group): Draft {
  return {
    ...group,
    proxy_keys: group.proxy_keys.join('\n'),
    config: Object.fromEntries(Object.entries(group.config).filter(([, value]) => value !== null)),
    rules: {
      model_redirect_rules: ruleText(group.model_redirect_rules),
      param_overrides: ruleText(group.param_overrides),
      header_rules: ruleText(group.header_rules),
      error_rules: ruleText(group.error_rules),
    },
  };
}

/** The rules whose text is no JSON. */
export function unreadableRules({ rules }: Draft): readonly RuleField[] {
  return ruleFields.filter((field) => {
    try {
      JSON.parse(rules[field] || 'null');
      return false;
    } catch {
      return true;
    }
  });
}

/** What was said of a part of a field that is one text here, such as `error_rules.2.status`, said of the field. */
export function byRule(refused: Readonly<Record<string, string>>): Record<string, string> {
  const whole: readonly string[] = [...ruleFields, 'proxy_keys'];
  return Object.fromEntries(
    whole.flatMap((field) => {
      const part = Object.keys(refused).find((each) => each.startsWith(`${field}.`));
      return part === undefined
        ? []
        : [[field, `${part.slice(field.length + 1)}: ${refused[part]}`]];
    }),
  );
}

/** What a form changed, on top of what the group is by now. */
export function rebased(before: Draft, mine: Draft, newest: Draft): Draft {
  const old: Readonly<Record<string, unknown>> = { ...before };
  const changed = Object.entries(mine).filter(
    ([field, value]) => JSON.stringify(old[field]) !== JSON.stringify(value),
  );
  return { ...newest, ...Object.fromEntries(changed) };
}

/** What the API gets for a draft; its rules must be readable. */
export function bodyOf(draft: Draft): NewGroup {
  const { rules, proxy_keys, type, upstreams, members, ...rest } = draft;
  const parsed = Object.fromEntries(
    ruleFields.map((field) => {
      const empty = field === 'header_rules' || field === 'error_rules' ? [] : {};
      return [field, rules[field].trim() === '' ? empty : JSON.parse(rules[field])];
    }),
  );
  return {
    name: rest.name,
    channel: rest.channel,
    type,
    display_name: rest.display_name,
    description: rest.description,
    enabled: rest.enabled,
    test_model: rest.test_model,
    validation_endpoint: rest.validation_endpoint,
    config: rest.config,
    model_redirect_strict: rest.model_redirect_strict,
    ...(type === 'standard' ? { upstreams } : { members }),
    proxy_keys: proxy_keys.split(/[\s,;]+/).filter((each) => each !== ''),
    ...parsed,
  };
}

/** Only what a form changed; a setting that it no longer overrides becomes null. */
export function patchOf(before: Draft, after: Draft): Record<string, unknown> {
  const [old, fresh] = [bodyOf(before), bodyOf(after)] as unknown as Record<string, unknown>[];
  const patch: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(fresh ?? {})) {
    if (field === 'name' || field === 'type' || field === 'channel' || field === 'config') continue;
    if (JSON.stringify(old?.[field]) !== JSON.stringify(value)) patch[field] = value;
  }
  const config: Record<string, unknown> = {};
  for (const name of Object.keys({ ...before.config, ...after.config })) {
    const value = after.config[name] ?? null;
    if (value !== (before.config[name] ?? null)) config[name] = value;
  }
  return Object.keys(config).length === 0 ? patch : { ...patch, config };
}
