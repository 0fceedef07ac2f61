import { type FieldDiff, type Group, settings, settingSchema } from '@keymux/contracts';
import { type FieldError, type Problem, problem } from '@keymux/service';
import { Value } from 'typebox/value';
import { checkGroup } from '../group/check-group.ts';
import type { Secrets } from '../proxy-key/secrets.ts';
import type { Decision } from './decision.ts';
import { diffFields, diffWhole } from './diff.ts';
import { type ConfigState, inOrder } from './state.ts';

/** How much of the config comes back. */
export type RestoreScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'settings' }
  | { readonly kind: 'group'; readonly name: string };

/** What is to come back: the state that there was at a revision. */
export interface Restore {
  readonly revision: number;
  readonly past: ConfigState;
  readonly scope: RestoreScope;
  /** The newest revision that the one who asks knows of. */
  readonly ifMatch: number | undefined;
}

/** The config as it was at a revision, if all of it still makes sense. */
export function decideRestore(
  state: ConfigState,
  restore: Restore,
  rules: { readonly forbidPrivate: boolean; readonly secrets: Pick<Secrets, 'shown'> },
): Decision {
  const { revision, past, scope, ifMatch } = restore;
  if (ifMatch !== undefined && ifMatch !== state.revision) return staleConfig(state);
  if (scope.kind === 'group' && !past.groups.has(scope.name) && !state.groups.has(scope.name)) {
    const detail = `There is no group ${scope.name}, and there was none at revision ${revision}.`;
    return problem('not_found', { detail });
  }
  const { groups, deleted } = groupsOf(state, past, scope);
  const values = valuesOf(state, past, scope);
  if (groups.length === 0 && deleted.length === 0 && values === null) return null;
  const errors = [
    ...checkValues(values),
    ...checkGroups(afterwards(state, groups, deleted), groups, rules),
  ];
  if (errors.length > 0) return problem('invalid', { errors });
  const { shown } = rules.secrets;
  const under = (prefix: string, diff: readonly FieldDiff[]): FieldDiff[] =>
    diff.map((each) => ({ ...each, field: prefix + each.field }));
  const groupDiff = (name: string, after: Group | undefined): FieldDiff[] => {
    const before = state.groups.get(name)?.group;
    const compare = before === undefined || after === undefined ? diffWhole : diffFields;
    return under(`groups.${name}.`, compare({ ...before }, { ...after }, shown));
  };
  const diff = [
    ...groups.flatMap((group) => groupDiff(group.name, group)),
    ...deleted.flatMap((name) => groupDiff(name, undefined)),
    ...(values === null ? [] : under('settings.', diffFields(state.settings, values, shown))),
  ];
  return {
    kind: 'event',
    type: 'ConfigRestored',
    data: { restored: revision, groups, deleted, values, diff },
  };
}

/** A 409 for who knows an older config. */
export function staleConfig(state: ConfigState): Problem {
  return problem('stale_revision', { detail: `The config is at revision ${state.revision} now.` });
}

function groupsOf(
  state: ConfigState,
  past: ConfigState,
  scope: RestoreScope,
): { groups: Group[]; deleted: string[] } {
  if (scope.kind === 'settings') return { groups: [], deleted: [] };
  const isMeant = (name: string): boolean => scope.kind === 'all' || scope.name === name;
  const groups = inOrder(past)
    .map(({ group }) => group)
    .filter((group) => isMeant(group.name))
    .filter((group) => !Value.Equal(group, state.groups.get(group.name)?.group));
  const deleted = inOrder(state)
    .map(({ group }) => group.name)
    .filter((name) => isMeant(name) && !past.groups.has(name));
  return { groups, deleted };
}

function valuesOf(
  state: ConfigState,
  past: ConfigState,
  scope: RestoreScope,
): ConfigState['settings'] | null {
  if (scope.kind === 'group') return null;
  return Value.Equal(past.settings, state.settings) ? null : past.settings;
}

function afterwards(
  state: ConfigState,
  groups: readonly Group[],
  deleted: readonly string[],
): ConfigState {
  const after = new Map(state.groups);
  for (const name of deleted) after.delete(name);
  for (const group of groups) {
    const known = { revision: 0, createdAt: '', updatedAt: '', ...after.get(group.name) };
    after.set(group.name, { ...known, group });
  }
  return { ...state, groups: after };
}

// Aggregates that stay as they are may lose a member.
function checkGroups(
  after: ConfigState,
  groups: readonly Group[],
  rules: { readonly forbidPrivate: boolean },
): FieldError[] {
  const restored = new Set(groups.map(({ name }) => name));
  return inOrder(after)
    .map(({ group }) => group)
    .filter((group) => restored.has(group.name) || group.type === 'aggregate')
    .flatMap((group) =>
      checkGroup(group, after, rules).map(({ field, message }) => ({
        field: `groups.${group.name}.${field}`,
        message,
      })),
    );
}

// The ranges of a setting may have changed since.
function checkValues(values: ConfigState['settings'] | null): FieldError[] {
  return settings.flatMap((setting): FieldError[] => {
    const value = values?.[setting.name];
    if (value === undefined || Value.Check(settingSchema(setting), value)) return [];
    return [{ field: `settings.${setting.name}`, message: 'is not allowed any more' }];
  });
}
