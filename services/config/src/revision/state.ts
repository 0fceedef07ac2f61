import type { ConfigEvent, Group } from '@keymux/contracts';
import { isSealed } from '../proxy-key/secrets.ts';

/** A group with the revision of its last change. Its proxy keys are sealed. */
export interface KnownGroup {
  readonly group: Group;
  readonly revision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** The whole config: the fold of one stream whose versions are its revisions. */
export interface ConfigState {
  readonly revision: number;
  readonly groups: ReadonlyMap<string, KnownGroup>;
  /** What admins set; `proxy_keys` is sealed. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly settingsRevision: number;
}

/** Nothing was configured yet. */
export const initialState: ConfigState = {
  revision: 0,
  groups: new Map(),
  settings: {},
  settingsRevision: 0,
};

/** What a change makes of the config; `time` is when it was made. */
export function evolve(state: ConfigState, event: ConfigEvent, time: string): ConfigState {
  const { revision } = event.data;
  switch (event.type) {
    case 'GroupCreated': {
      const { group } = event.data;
      return put(state, { group, revision, createdAt: time, updatedAt: time });
    }
    case 'GroupChanged': {
      const { group } = event.data;
      const createdAt = state.groups.get(group.name)?.createdAt ?? time;
      return put(state, { group, revision, createdAt, updatedAt: time });
    }
    case 'GroupDeleted': {
      const groups = new Map(state.groups);
      groups.delete(event.data.name);
      return { ...state, revision, groups };
    }
    case 'SettingsChanged':
      return { ...state, revision, settings: event.data.values, settingsRevision: revision };
    case 'GroupsOrdered': {
      const groups = new Map(state.groups);
      for (const [sort, name] of event.data.names.entries()) {
        const known = groups.get(name);
        if (known !== undefined) groups.set(name, { ...known, group: { ...known.group, sort } });
      }
      return { ...state, revision, groups };
    }
    case 'ConfigRestored': {
      const { groups: restored, deleted, values } = event.data;
      const groups = new Map(state.groups);
      for (const name of deleted) groups.delete(name);
      for (const group of restored) {
        const createdAt = groups.get(group.name)?.createdAt ?? time;
        groups.set(group.name, { group, revision, createdAt, updatedAt: time });
      }
      const settings = values === null ? {} : { settings: values, settingsRevision: revision };
      return { ...state, ...settings, revision, groups };
    }
    default:
      return event satisfies never;
  }
}

function put(state: ConfigState, known: KnownGroup): ConfigState {
  const groups = new Map(state.groups).set(known.group.name, known);
  return { ...state, revision: known.revision, groups };
}

/** Groups in the order they are shown. */
export function inOrder(state: ConfigState): KnownGroup[] {
  return [...state.groups.values()].toSorted(
    (a, b) => a.group.sort - b.group.sort || (a.group.name < b.group.name ? -1 : 1),
  );
}

/** What a group keeps sealed. */
export function sealedOf({ proxy_keys, config }: Group): string[] {
  const { proxy_url } = config;
  return [
    ...proxy_keys,
    ...(typeof proxy_url === 'string' && isSealed(proxy_url) ? [proxy_url] : []),
  ];
}

/** What the settings keep sealed. */
export function sealedSettings({ settings }: ConfigState): string[] {
  return Object.values(settings).filter(
    (value): value is string => typeof value === 'string' && isSealed(value),
  );
}
