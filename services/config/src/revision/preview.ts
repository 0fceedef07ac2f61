import {
  type ConfigPreview,
  type EffectiveChange,
  settings,
  type SettingValues,
} from '@keymux/contracts';
import { Value } from 'typebox/value';
import type { Secrets } from '../proxy-key/secrets.ts';
import { type Effective, effectiveSettings } from '../settings/effective.ts';
import { layerSettings } from '../settings/layers.ts';
import type { Change } from './config-log.ts';
import { type ConfigState, inOrder } from './state.ts';
import { aboutOf } from './stored-event.ts';

export interface PreviewRules {
  readonly environment: Readonly<Partial<SettingValues>>;
  /** Masks what is secret of a setting. */
  readonly shown: Secrets['shown'];
}

type Layers = ReturnType<typeof layerSettings>;

/** What a change does: its diff, and the effective values of every setting and group that it touches. */
export function previewOf({ before, state, event }: Change, rules: PreviewRules): ConfigPreview {
  const [old, now] = [before, state].map((each) => layerSettings(each.settings, rules.environment));
  if (old === undefined || now === undefined || event === null) {
    return { diff: [], settings: [], groups: [] };
  }
  const names = new Set([...inOrder(before), ...inOrder(state)].map(({ group }) => group.name));
  return {
    diff: aboutOf(event).diff,
    settings: changesOf(
      settings.map(({ name }) => name),
      old,
      now,
      rules,
    ),
    groups: [...names].flatMap((name) => {
      const [was, is] = [before.groups.get(name), state.groups.get(name)];
      const effective = changesOf(
        settings.filter((each) => each.groupOverridable).map((each) => each.name),
        effectiveIn(before, name, old),
        effectiveIn(state, name, now),
        rules,
      );
      const change = changeOf(was?.group, is?.group);
      return change === 'inherits' && effective.length === 0
        ? []
        : [{ group: name, change, effective }];
    }),
  };
}

function changeOf(
  was: object | undefined,
  is: object | undefined,
): ConfigPreview['groups'][number]['change'] {
  if (was === undefined) return 'created';
  if (is === undefined) return 'deleted';
  return Value.Equal(was, is) ? 'inherits' : 'changed';
}

function effectiveIn(
  state: ConfigState,
  name: string,
  layers: Layers,
): ReadonlyMap<string, Effective> {
  const group = state.groups.get(name)?.group;
  return group === undefined ? new Map() : effectiveSettings(group, layers);
}

function changesOf(
  names: readonly string[],
  before: ReadonlyMap<string, Effective>,
  after: ReadonlyMap<string, Effective>,
  { shown }: PreviewRules,
): EffectiveChange[] {
  const show = (name: string, each: Effective | undefined): EffectiveChange['before'] =>
    each === undefined ? null : { value: shown(name, each.value), source: each.source };
  return names
    .filter((name) => !Value.Equal(before.get(name), after.get(name)))
    .map((name) => ({
      name,
      before: show(name, before.get(name)),
      after: show(name, after.get(name)),
    }));
}
