import type { GatewayGroup, SystemSettings } from '@keymux/contracts';
import { KeyPool } from '../key-ring/key-pool.ts';
import { UpstreamHealth } from '../upstream/upstream-health.ts';
import {
  compileAggregateGroup,
  compileStandardGroup,
  type LiveGroup,
  type LiveStandardGroup,
} from './live-group.ts';
import { type ProxyKeyNames, proxyKeyNames } from './proxy-key-names.ts';

/** The config that a request runs under, from its first step to its last: never changed, only replaced. */
export interface ConfigSnapshot {
  readonly revision: number;
  readonly groups: ReadonlyMap<string, LiveGroup>;
  /** Of the global proxy keys. */
  readonly proxyKeys: ProxyKeyNames;
}

/**
 * The newest config, compiled. Pools, upstream health and the turn of weighted choices outlive a
 * change: it resets no key and starts no rotation anew.
 */
export class LiveConfig {
  readonly #groups = new Map<string, GatewayGroup>();
  readonly #standard = new Map<string, LiveStandardGroup>();
  readonly #pools = new Map<string, KeyPool>();
  readonly #health = new Map<string, UpstreamHealth>();
  #system: SystemSettings = { values: {}, proxy_keys: [] };
  #snapshot: ConfigSnapshot = { revision: 0, groups: new Map(), proxyKeys: new Map() };

  get snapshot(): ConfigSnapshot {
    return this.#snapshot;
  }

  /** What the snapshot was compiled from. */
  get source(): { revision: number; settings: SystemSettings; groups: GatewayGroup[] } {
    const { revision } = this.#snapshot;
    return { revision, settings: this.#system, groups: Array.from(this.#groups.values()) };
  }

  /** The pool of a group, made when first asked for. */
  pool(name: string): KeyPool {
    let pool = this.#pools.get(name);
    if (pool === undefined) {
      pool = new KeyPool();
      this.#pools.set(name, pool);
    }
    return pool;
  }

  /** Replaces everything. */
  load(revision: number, settings: SystemSettings, groups: readonly GatewayGroup[]): void {
    this.#system = settings;
    this.#groups.clear();
    for (const group of groups) this.#groups.set(group.name, group);
    this.#compileAll(revision);
  }

  changeSettings(revision: number, settings: SystemSettings): void {
    this.#system = settings;
    this.#compileAll(revision);
  }

  changeGroup(revision: number, group: GatewayGroup): void {
    this.#groups.set(group.name, group);
    this.#standard.delete(group.name);
    this.#publish(revision);
  }

  deleteGroup(revision: number, name: string): void {
    this.#groups.delete(name);
    this.#publish(revision);
  }

  #compileAll(revision: number): void {
    this.#standard.clear();
    this.#publish(revision);
  }

  #publish(revision: number): void {
    const groups = new Map<string, LiveGroup>();
    for (const [name, group] of this.#groups) {
      if (group.type === 'standard') groups.set(name, this.#compiled(group));
    }
    for (const name of this.#standard.keys()) if (!groups.has(name)) this.#standard.delete(name);
    for (const name of this.#pools.keys()) if (!groups.has(name)) this.#pools.delete(name);
    for (const [name, group] of this.#groups) {
      if (group.type === 'aggregate') {
        groups.set(name, compileAggregateGroup(group, this.#system, this.#standard));
      }
    }
    this.#forgetHealth();
    const proxyKeys = proxyKeyNames(this.#system.proxy_keys);
    this.#snapshot = { revision, groups, proxyKeys };
  }

  #compiled(group: GatewayGroup): LiveStandardGroup {
    const known = this.#standard.get(group.name);
    if (known !== undefined) return known;
    const before = this.#snapshot.groups.get(group.name);
    const compiled = compileStandardGroup(group, this.#system, {
      pool: this.pool(group.name),
      healthOf: (url) => this.#healthOf(`${group.name} ${url}`),
    });
    const kept =
      before?.type === 'standard' && sameWeights(before, compiled)
        ? { ...compiled, upstreams: before.upstreams, upstreamChoice: before.upstreamChoice }
        : compiled;
    if (before !== undefined && !sameKeyLimits(before, kept)) kept.pool.unlimitAll();
    if (!kept.settings.headroom) kept.pool.unspareAll();
    this.#standard.set(group.name, kept);
    return kept;
  }

  #healthOf(id: string): UpstreamHealth {
    let health = this.#health.get(id);
    if (health === undefined) {
      health = new UpstreamHealth();
      this.#health.set(id, health);
    }
    return health;
  }

  #forgetHealth(): void {
    const used = new Set<string>();
    for (const group of this.#standard.values()) {
      for (const { url } of group.upstreams) used.add(`${group.name} ${url}`);
    }
    for (const id of this.#health.keys()) if (!used.has(id)) this.#health.delete(id);
  }
}

function sameKeyLimits(before: LiveGroup, after: LiveGroup): boolean {
  const [was, is] = [before.settings.keyAllowance, after.settings.keyAllowance];
  return was?.perMinute === is?.perMinute && was?.atOnce === is?.atOnce;
}

function sameWeights(before: LiveStandardGroup, after: LiveStandardGroup): boolean {
  return (
    before.upstreams.length === after.upstreams.length &&
    before.upstreams.every(
      (each, at) =>
        each.url === after.upstreams[at]?.url && each.weight === after.upstreams[at]?.weight,
    )
  );
}
