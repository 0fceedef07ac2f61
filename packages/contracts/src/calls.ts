import type { ConfigSnapshot, KeyChecked, PoolKey } from './messages.ts';

/** Request and reply between services: the name of each call, what goes in and what comes out. */
export interface CallTable {
  /** The whole config, for a service that starts or lost its place. */
  'config.snapshot': {
    request: Record<string, never>;
    reply: ConfigSnapshot;
  };
  /** Folds the config anew from its events, and goes on with that. */
  'config.rebuild': {
    request: Record<string, never>;
    reply: {
      revision: number;
      groups: number;
      /** True when it was not the same before. */
      changed: boolean;
    };
  };
  /** Sessions that were ended before they would by themselves (epoch ms), for a service that starts or lost its place. */
  'config.ended-sessions': {
    request: Record<string, never>;
    reply: { sessions: { id: string; until_ms: number }[] };
  };
  /** A page of a pool; `pool_revision` is that of the moment the page was read. */
  'keys.pool': {
    request: { group: string; after: string | null; limit: number };
    reply: { pool_revision: number; keys: PoolKey[]; next: string | null };
  };
  /** Blacklisted keys of a group whose last probe is older than `before_ms`. */
  'keys.due': {
    request: { group: string; before_ms: number; limit: number };
    reply: { keys: { id: string; sealed: string }[] };
  };
  /** Any key of a group, active ones first; for a test of the group. */
  'keys.pick': {
    request: { group: string };
    reply: { key: { id: string; sealed: string; masked: string } | null };
  };
  /** Keys by state of every group. */
  'keys.counts': {
    request: Record<string, never>;
    reply: {
      groups: Record<
        string,
        { active: number; cooling: number; blacklisted: number; disabled: number }
      >;
    };
  };
  /** Copies keys of one group into another as a task of keymanager. */
  'keys.copy': {
    request: { from: string; to: string; keys: 'active' | 'all'; actor: string };
    reply: { task_id: string };
  };
  /** Probes one key now; reports, changes nothing. */
  'validator.probe': {
    request: { group: string; key_id: string; sealed: string };
    reply: KeyChecked;
  };
  /** Counts a use of the first of some names that is under its limits. */
  'limits.take': {
    request: {
      space: string;
      names: readonly string[];
      allowance: { perMinute: number; atOnce: number };
      use: string;
    };
    reply: {
      granted: string | null;
      refused: (
        { name: string; why: 'per-minute'; waitMs: number } | { name: string; why: 'at-once' }
      )[];
    };
  };
  /** Uses that go on. */
  'limits.keep': {
    request: readonly { space: string; name: string; use: string }[];
    reply: void;
  };
  /** Uses that ended. */
  'limits.end': {
    request: readonly { space: string; name: string; use: string }[];
    reply: void;
  };
}
export type CallName = keyof CallTable;
