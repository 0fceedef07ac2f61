import { aboutFailure, type Bus, type Calls, type Message, type Subscription } from '@keymux/bus';
import {
  type CallTable,
  type ConfigChange,
  ConfigChangeSchema,
  type GatewayGroup,
  GatewayGroupSchema,
  type SystemSettings,
  SystemSettingsSchema,
} from '@keymux/contracts';
import type { Logger } from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';

/** What this service needs to know of a group. */
export interface GroupPolicy {
  readonly name: string;
  readonly type: 'standard' | 'aggregate';
  /** Consecutive failures that blacklist a key; 0 never. */
  readonly blacklistThreshold: number;
  /** Most probes at once. */
  readonly probes: number;
  readonly probeTimeoutMs: number;
}

/** Whether there is such a group; `unknown` while the config service does not answer. */
export type Sought =
  | { readonly kind: 'found'; readonly group: GroupPolicy }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' };

/** The groups there are and their policy, always as the config service has them. */
export interface GroupDirectory {
  /** False until the first snapshot is here: until then nothing is known of any group. */
  readonly loaded: boolean;
  find(name: string): GroupPolicy | undefined;
  /** The same, but asks the config service for a group that is not known: its creation may still be on its way. */
  seek(name: string): Promise<Sought>;
  /** How long outcomes are kept, ms; 0 keeps none. */
  readonly outcomesKeptMs: number;
  /** Resolves after the first try to get a snapshot; goes on trying on its own. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface GroupDirectoryDeps {
  readonly bus: Bus;
  readonly calls: Calls;
  readonly log: Logger;
  /** Told of each snapshot: the names of all groups. */
  readonly listed: (names: ReadonlySet<string>) => void;
  readonly deleted: (name: string) => void;
  readonly retryMs?: number;
}

const isChange = Compile(ConfigChangeSchema);
const isSnapshot = Compile(
  Type.Object({
    revision: Type.Integer(),
    settings: SystemSettingsSchema,
    groups: Type.Array(GatewayGroupSchema),
  }),
);

type Valued =
  'blacklist_threshold' | 'key_validation_concurrency' | 'key_validation_timeout_seconds';
const dayMs = 86_400_000;
const usualOutcomeDays = 7;
const fallback: Record<Valued, number> = {
  blacklist_threshold: 3,
  key_validation_concurrency: 10,
  key_validation_timeout_seconds: 20,
};

/** Follows CONFIG from a snapshot on. */
export function createGroupDirectory(deps: GroupDirectoryDeps): GroupDirectory {
  const { bus, calls, log, listed, deleted, retryMs = 500 } = deps;
  const groups = new Map<string, GatewayGroup>();
  let values: SystemSettings['values'] = {};
  let revision = -1;
  let loaded = false;
  /** That there is no snapshot, of which one line is enough. */
  let told = false;
  let stopped = false;
  /** Changes that came while a snapshot was on its way; null when none is. */
  let waiting: ConfigChange[] | null = null;
  /** A snapshot that is on its way; false when none comes. */
  let loading: Promise<boolean> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let subscription: Subscription | undefined;

  function valueOf(group: GatewayGroup, name: Valued): number {
    const value = group.config[name] ?? values[name];
    return typeof value === 'number' ? value : fallback[name];
  }

  function apply(change: ConfigChange): void {
    if (change.kind === 'session-revoked') return;
    // One revision may change several groups, hence not older instead of newer.
    if (change.revision < revision) return;
    const gap = change.revision > revision + 1;
    revision = change.revision;
    switch (change.kind) {
      case 'settings':
        values = change.settings.values;
        break;
      case 'group':
        groups.set(change.group.name, change.group);
        break;
      case 'group-deleted':
        groups.delete(change.name);
        deleted(change.name);
        break;
      default:
        return change satisfies never;
    }
    if (gap) void load();
  }

  function hear(message: Message): void {
    if (!isChange.Check(message.data)) {
      log.warn({ id: message.id, type: message.type }, 'a config change is unreadable');
      void load();
      return;
    }
    if (waiting === null) apply(message.data);
    else waiting.push(message.data);
  }

  function load(): Promise<boolean> {
    loading ??= loadOnce().finally(() => {
      loading = undefined;
    });
    return loading;
  }

  async function loadOnce(): Promise<boolean> {
    if (stopped) return false;
    waiting = [];
    try {
      const request: CallTable['config.snapshot']['request'] = {};
      const reply = await calls.call('config.snapshot', request);
      if (!isSnapshot.Check(reply)) throw new Error('the config snapshot is unreadable');
      if (reply.revision >= revision) {
        revision = reply.revision;
        values = reply.settings.values;
        groups.clear();
        for (const group of reply.groups) groups.set(group.name, group);
      }
      const heard: readonly ConfigChange[] = waiting;
      waiting = null;
      loaded = true;
      told = false;
      listed(new Set(groups.keys()));
      for (const change of heard) if (change.revision > reply.revision) apply(change);
      return true;
    } catch (error) {
      const heard: readonly ConfigChange[] = waiting ?? [];
      waiting = null;
      if (stopped) return false;
      if (loaded) heard.forEach(apply);
      if (!told) log.warn(aboutFailure(error), 'no config snapshot yet; trying until there is one');
      told = true;
      clearTimeout(retry);
      retry = setTimeout(() => void load(), retryMs);
      return false;
    }
  }

  function find(name: string): GroupPolicy | undefined {
    const group = groups.get(name);
    if (group === undefined) return undefined;
    return {
      name,
      type: group.type,
      blacklistThreshold: valueOf(group, 'blacklist_threshold'),
      probes: Math.max(1, valueOf(group, 'key_validation_concurrency')),
      probeTimeoutMs: valueOf(group, 'key_validation_timeout_seconds') * 1000,
    };
  }

  return {
    get loaded() {
      return loaded;
    },
    get outcomesKeptMs() {
      const days = values['outcome_retention_days'];
      return (typeof days === 'number' ? days : usualOutcomeDays) * dayMs;
    },
    find,
    seek: async (name) => {
      // A snapshot that is on its way may be from before the group.
      if (find(name) === undefined) await loading;
      const sure = find(name) !== undefined || (await load());
      const group = find(name);
      if (group !== undefined) return { kind: 'found', group };
      return { kind: sure ? 'none' : 'unknown' };
    },
    start: async () => {
      // Follows first, so that no change falls between the snapshot and the first message.
      subscription = await bus.follow('CONFIG', hear, () => void load());
      await load();
    },
    stop: async () => {
      stopped = true;
      clearTimeout(retry);
      await subscription?.stop();
    },
  };
}
