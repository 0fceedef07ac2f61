import type { Group, GroupPatch, NewGroup } from '@keymux/contracts';
import { checkProxyAddress } from '@keymux/outbound';
import { type FieldError, type Problem, problem } from '@keymux/service';
import { holdsCredentials, type Secrets } from '../proxy-key/secrets.ts';
import type { Decision } from '../revision/decision.ts';
import { staleConfig } from '../revision/decide-restore.ts';
import { diffFields, diffWhole } from '../revision/diff.ts';
import { type ConfigState, inOrder, type KnownGroup } from '../revision/state.ts';
import { checkGroup } from './check-group.ts';
import { completeGroup, withoutNulls } from './new-group.ts';

/** The schema's upper end of `sort`. */
const lastSort = 1_000_000;

export interface GroupRules {
  readonly forbidPrivate: boolean;
  readonly secrets: Secrets;
}

/** A new group, if its name is free and all of it makes sense. */
export function decideCreate(state: ConfigState, asked: NewGroup, rules: GroupRules): Decision {
  if (state.groups.has(asked.name)) return taken(asked.name);
  const complete = completeGroup(asked, nextSort(state));
  const group = {
    ...complete,
    proxy_keys: complete.proxy_keys.map((key) => rules.secrets.sealOf(key)),
    config: sealConfig(complete.config, rules.secrets),
  };
  const errors = [...checkSecrets(asked, rules.secrets), ...checkGroup(group, state, rules)];
  if (errors.length > 0) return problem('invalid', { errors });
  const diff = diffWhole({}, group, rules.secrets.shown);
  return { kind: 'event', type: 'GroupCreated', data: { group, diff } };
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
    config:
      config === undefined
        ? before.config
        : withoutNulls({ ...before.config, ...sealConfig(config, rules.secrets) }),
    proxy_keys: proxy_keys?.map((key) => rules.secrets.sealOf(key)) ?? before.proxy_keys,
  };
  const errors = [...checkSecrets(change.patch, rules.secrets), ...checkGroup(after, state, rules)];
  if (errors.length > 0) return problem('invalid', { errors });
  const diff = diffFields(before, after, rules.secrets.shown);
  if (diff.length === 0) return null;
  return { kind: 'event', type: 'GroupChanged', data: { group: after, diff } };
}

/** The same group under another name, after the others. */
export function decideCopy(
  state: ConfigState,
  copy: { readonly from: string; readonly to: string; readonly ifMatch?: number | undefined },
  rules: { readonly forbidPrivate: boolean; readonly secrets: Pick<Secrets, 'shown'> },
): Decision {
  const source = find(state, copy.from, copy.ifMatch);
  if ('kind' in source) return source;
  if (state.groups.has(copy.to)) return taken(copy.to);
  const group = { ...source.group, name: copy.to, sort: nextSort(state) };
  const errors = checkGroup(group, state, rules);
  if (errors.length > 0) return problem('invalid', { errors });
  const diff = diffWhole({}, group, rules.secrets.shown);
  return { kind: 'event', type: 'GroupCreated', data: { group, diff } };
}

/** The end of a group that no aggregate needs. */
export function decideDelete(
  state: ConfigState,
  { name, ifMatch }: { readonly name: string; readonly ifMatch?: number | undefined },
  { shown }: Pick<Secrets, 'shown'>,
): Decision {
  const known = find(state, name, ifMatch);
  if ('kind' in known) return known;
  const aggregates = inOrder(state)
    .filter(({ group }) => group.members.some((member) => member.group === name))
    .map(({ group }) => group.name);
  if (aggregates.length > 0) {
    return problem('conflict', { detail: `It is a member of ${aggregates.join(', ')}.` });
  }
  const diff = diffWhole({ ...known.group }, {}, shown);
  return { kind: 'event', type: 'GroupDeleted', data: { name, diff } };
}

/** The named groups first, in this order, then the others as they were. */
export function decideOrder(
  state: ConfigState,
  names: readonly string[],
  ifMatch?: number,
): Decision {
  if (ifMatch !== undefined && ifMatch !== state.revision) return staleConfig(state);
  const unknown = names.flatMap((name, at): FieldError[] =>
    state.groups.has(name) ? [] : [{ field: `names[${at}]`, message: `there is no group ${name}` }],
  );
  if (unknown.length > 0) return problem('invalid', { errors: unknown });
  const named = new Set(names);
  const before = inOrder(state).map(({ group }) => group);
  const others = before.map(({ name }) => name).filter((name) => !named.has(name));
  const order = [...names, ...others];
  if (before.every(({ name, sort }, at) => sort === at && name === order[at])) return null;
  return { kind: 'event', type: 'GroupsOrdered', data: { names: order } };
}

function find(state: ConfigState, name: string, ifMatch: number | undefined): KnownGroup | Problem {
  const known = state.groups.get(name);
  if (known === undefined) return problem('not_found', { detail: `There is no group ${name}.` });
  if (ifMatch !== undefined && ifMatch !== known.revision) {
    return problem('stale_revision', { detail: `It is at revision ${known.revision} now.` });
  }
  return known;
}

function taken(name: string): Problem {
  return problem('name_taken', { detail: `There is a group ${name} already.` });
}

function nextSort(state: ConfigState): number {
  const last = inOrder(state).at(-1)?.group.sort ?? -1;
  return Math.min(last + 1, lastSort);
}

function checkSecrets({ proxy_keys, config }: GroupPatch, secrets: Secrets): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [at, key] of proxy_keys?.entries() ?? []) {
    const field = `proxy_keys[${at}]`;
    if (secrets.isAuthKey(key)) errors.push({ field, message: 'must not be the AUTH_KEY' });
    else if (seen.has(key)) errors.push({ field, message: 'is there twice' });
    seen.add(key);
  }
  const message = checkProxyAddress(config?.proxy_url ?? '');
  if (message !== null) errors.push({ field: 'config.proxy_url', message });
  return errors;
}

function sealConfig(config: Group['config'], secrets: Secrets): Group['config'] {
  const { proxy_url } = config;
  if (typeof proxy_url !== 'string' || !holdsCredentials(proxy_url)) return config;
  return { ...config, proxy_url: secrets.sealOf(proxy_url) };
}
