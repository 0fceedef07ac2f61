import type { Bus, Calls } from '@keymux/bus';
import type { ConfigSnapshot, GatewayGroup, SystemSettings } from '@keymux/contracts';
import { ConfigFollower, type NewConfig } from '@keymux/live-config';
import type { Logger } from '@keymux/service';

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

type Valued =
  'blacklist_threshold' | 'key_validation_concurrency' | 'key_validation_timeout_seconds';
const dayMs = 86_400_000;
const usualOutcomeDays = 7;
const fallback: Record<Valued, number> = {
  blacklist_threshold: 3,
  key_validation_concurrency: 10,
  key_validation_timeout_seconds: 20,
};

/** Knows groups by following the config. */
export function createGroupDirectory(deps: GroupDirectoryDeps): GroupDirectory {
  const { bus, calls, log, listed, deleted, retryMs } = deps;
  const groups = new Map<string, GatewayGroup>();
  let values: SystemSettings['values'] = {};
  const follower = new ConfigFollower({
    bus,
    calls,
    log,
    load,
    apply,
    ...(retryMs === undefined ? {} : { retryMs }),
  });

  function valueOf(group: GatewayGroup, name: Valued): number {
    const value = group.config[name] ?? values[name];
    return typeof value === 'number' ? value : fallback[name];
  }

  function load(snapshot: ConfigSnapshot): void {
    ({ values } = snapshot.settings);
    groups.clear();
    for (const group of snapshot.groups) groups.set(group.name, group);
    listed(new Set(groups.keys()));
  }

  function apply(change: NewConfig): void {
    switch (change.kind) {
      case 'settings':
        ({ values } = change.settings);
        break;
      case 'group':
        groups.set(change.group.name, change.group);
        break;
      case 'group-deleted':
        groups.delete(change.name);
        deleted(change.name);
        break;
      default:
        change satisfies never;
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
      return follower.loaded;
    },
    get outcomesKeptMs() {
      const days = values['outcome_retention_days'];
      return (typeof days === 'number' ? days : usualOutcomeDays) * dayMs;
    },
    find,
    seek: async (name) => {
      const sure = find(name) !== undefined || (await follower.refresh());
      const group = find(name);
      if (group !== undefined) return { kind: 'found', group };
      return { kind: sure ? 'none' : 'unknown' };
    },
    start: async () => {
      await follower.start();
      await follower.settled();
    },
    stop: () => follower.stop(),
  };
}
