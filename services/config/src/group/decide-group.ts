import type { Group, GroupPatch, NewGroup } from '@keymux/contracts';
import { type Problem, problem } from '@keymux/service';
import type { Decision } from '../revision/config-log.ts';
import { diffFields } from '../revision/diff.ts';
import type { ConfigState, KnownGroup } from '../revision/state.ts';
import { checkGroup } from './check-group.ts';

export interface GroupRules {
  readonly forbidPrivate: boolean;
  readonly seal: (secret: string) => string;
}

/** A group as asked for, with everything that was not said. */
export function completeGroup(asked: NewGroup, sort: number): Group {
  return {
    name: asked.name,
    type: asked.type ?? 'standard',
    channel: asked.channel,
    display_name: asked.display_name ?? '',
    description: asked.description ?? '',
    enabled: asked.enabled ?? true,
    upstreams: asked.upstreams ?? [],
    members: asked.members ?? [],
    test_model: asked.test_model ?? '',
    validation_endpoint: asked.validation_endpoint ?? '',
    proxy_keys: asked.proxy_keys ?? [],
    config: withoutNulls(asked.config ?? {}),
    param_overrides: asked.param_overrides ?? {},
    header_rules: asked.header_rules ?? [],
    model_redirect_rules: asked.model_redirect_rules ?? {},
    model_redirect_strict: asked.model_redirect_strict ?? false,
    error_rules: asked.error_rules ?? [],
    sort: asked.sort ?? sort,
  };
}

/** A new group, if its name is free and all of it makes sense. */
export function decideCreate(state: ConfigState, asked: NewGroup, rules: GroupRules): Decision {
  if (state.groups.has(asked.name)) {
    return problem('name_taken', { detail: `There is a group ${asked.name} already.` });
  }
  const group = completeGroup(asked, state.groups.size);
  const errors = checkGroup(group, state, rules);
  if (errors.length > 0) return problem('invalid', { errors });
  return {
    kind: 'event',
    type: 'GroupCreated',
    data: { group: { ...group, proxy_keys: group.proxy_keys.map(rules.seal) } },
  };
}

/** A group with some fields changed. */
export function decideChange(
  state: ConfigState,
  change: {
    readonly name: string;
    readonly patch: GroupPatch;
    readonly ifMatch: number | undefined;
  },
  rules: GroupRules,
): Decision {
  const known = find(state, change.name, change.ifMatch);
  if ('kind' in known) return known;
  const { config, proxy_keys, ...plain } = change.patch;
  const before = known.group;
  const after: Group = {
    ...before,
    ...plain,
    config: config === undefined ? before.config : withoutNulls({ ...before.config, ...config }),
    proxy_keys: proxy_keys === undefined ? before.proxy_keys : proxy_keys.map(rules.seal),
  };
  const errors = checkGroup(after, state, rules);
  if (errors.length > 0) return problem('invalid', { errors });
  const diff = diffFields(before, after);
  if (diff.length === 0) return null;
  return { kind: 'event', type: 'GroupChanged', data: { group: after, diff } };
}

/** The end of a group that no aggregate needs. */
export function decideDelete(
  state: ConfigState,
  name: string,
  ifMatch: number | undefined,
): Decision {
  const known = find(state, name, ifMatch);
  if ('kind' in known) return known;
  const aggregates = [...state.groups.values()]
    .filter(({ group }) => group.members.some((member) => member.group === name))
    .map(({ group }) => group.name);
  if (aggregates.length > 0) {
    return problem('conflict', { detail: `It is a member of ${aggregates.join(', ')}.` });
  }
  return { kind: 'event', type: 'GroupDeleted', data: { name } };
}

/** The named groups first, in this order, then the others as they were. */
export function decideOrder(state: ConfigState, names: readonly string[]): Decision {
  const unknown = names.findIndex((name) => !state.groups.has(name));
  if (unknown !== -1) {
    const message = `there is no group ${names[unknown]}`;
    return problem('invalid', { errors: [{ field: `names[${unknown}]`, message }] });
  }
  const others = [...state.groups.values()]
    .filter(({ group }) => !names.includes(group.name))
    .toSorted((a, b) => a.group.sort - b.group.sort)
    .map(({ group }) => group.name);
  return { kind: 'event', type: 'GroupsOrdered', data: { names: [...names, ...others] } };
}

function find(state: ConfigState, name: string, ifMatch: number | undefined): KnownGroup | Problem {
  const known = state.groups.get(name);
  if (known === undefined) return problem('not_found', { detail: `There is no group ${name}.` });
  if (ifMatch !== undefined && ifMatch !== known.revision) {
    return problem('stale_revision', { detail: `It is at revision ${known.revision} now.` });
  }
  return known;
}

function withoutNulls<T extends object>(values: T): T {
  const kept = { ...values };
  for (const name of Object.keys(kept) as (keyof T)[]) if (kept[name] === null) delete kept[name];
  return kept;
}
