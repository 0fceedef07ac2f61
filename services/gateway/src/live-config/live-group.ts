import { type Channel, channelByName } from '@keymux/channels';
import type { ErrorRule, GatewayGroup, HeaderRule, SystemSettings } from '@keymux/contracts';
import type { Allowance } from '@keymux/coordination';
import { WeightedChoice } from '../key-ring/weighted-choice.ts';
import type { KeyPool } from '../key-ring/key-pool.ts';
import type { UpstreamHealth } from '../upstream/upstream-health.ts';
import { type ProxyKeyNames, proxyKeyNames } from './proxy-key-names.ts';

/** An upstream of a group with what requests have told about it. */
export interface LiveUpstream {
  readonly url: string;
  readonly weight: number;
  /** `https://host:port` */
  readonly origin: string;
  /** Path of the base URL without a slash at its end. */
  readonly basePath: string;
  readonly health: UpstreamHealth;
}

/** The effective settings of a group, in milliseconds where they are times. */
export interface LiveSettings {
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly idleConnTimeoutMs: number;
  readonly responseHeaderTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  readonly streamIdleTimeoutMs: number;
  readonly maxIdleConns: number;
  readonly maxIdleConnsPerHost: number;
  readonly proxyUrl: string;
  readonly maxRetries: number;
  readonly blacklistThreshold: number;
  readonly logBodies: boolean;
  /** How much of one key may be used; null when there is no limit. */
  readonly keyAllowance: Allowance | null;
  /** How much one proxy key may use of the group; null when there is no limit. */
  readonly proxyKeyAllowance: Allowance | null;
  /** Whether keys that are nearly used up are passed over. */
  readonly headroom: boolean;
}

/** What a group does to a request; null when it leaves the bytes alone. */
export interface RewriteRules {
  readonly paramOverrides: Readonly<Record<string, unknown>> | null;
  readonly modelRedirects: ReadonlyMap<string, string>;
  readonly modelRedirectStrict: boolean;
}

interface Named {
  readonly name: string;
  readonly channel: Channel;
  readonly enabled: boolean;
  /** Of the group's own proxy keys. */
  readonly proxyKeys: ProxyKeyNames;
  readonly settings: LiveSettings;
}

/** A group with its own keys and upstreams. */
export interface LiveStandardGroup extends Named {
  readonly type: 'standard';
  readonly upstreams: readonly LiveUpstream[];
  readonly upstreamChoice: WeightedChoice<LiveUpstream>;
  readonly pool: KeyPool;
  readonly rewrite: RewriteRules | null;
  readonly headerRules: readonly HeaderRule[];
  readonly errorRules: readonly ErrorRule[];
}

/** A group that serves from other groups of its channel, by weight. */
export interface LiveAggregateGroup extends Named {
  readonly type: 'aggregate';
  readonly members: readonly { readonly weight: number; readonly group: LiveStandardGroup }[];
  readonly memberChoice: WeightedChoice<{
    readonly weight: number;
    readonly group: LiveStandardGroup;
  }>;
}

export type LiveGroup = LiveStandardGroup | LiveAggregateGroup;

/** Effective settings: the group's over the system's. */
export function effectiveSettings(
  system: SystemSettings['values'],
  config: Readonly<Record<string, unknown>>,
): LiveSettings {
  const value = (name: string): unknown => config[name] ?? system[name];
  const milliseconds = (name: string): number => Number(value(name)) * 1000;
  return {
    requestTimeoutMs: milliseconds('request_timeout'),
    connectTimeoutMs: milliseconds('connect_timeout'),
    idleConnTimeoutMs: milliseconds('idle_conn_timeout'),
    responseHeaderTimeoutMs: milliseconds('response_header_timeout'),
    firstByteTimeoutMs: milliseconds('first_byte_timeout'),
    streamIdleTimeoutMs: milliseconds('stream_idle_timeout'),
    maxIdleConns: Number(value('max_idle_conns')),
    maxIdleConnsPerHost: Number(value('max_idle_conns_per_host')),
    proxyUrl: String(value('proxy_url') ?? ''),
    maxRetries: Number(value('max_retries')),
    blacklistThreshold: Number(value('blacklist_threshold')),
    logBodies: value('enable_request_body_logging') === true,
    keyAllowance: allowance(value('key_rpm_limit'), value('key_concurrency_limit')),
    proxyKeyAllowance: allowance(value('proxy_key_rpm_limit'), 0),
    headroom: value('headroom') === true,
  };
}

function allowance(perMinute: unknown, atOnce: unknown): Allowance | null {
  const all = { perMinute: Number(perMinute ?? 0), atOnce: Number(atOnce ?? 0) };
  return all.perMinute === 0 && all.atOnce === 0 ? null : all;
}

/** Compiles a group for the request path; pools and health come from where they live on. */
export function compileStandardGroup(
  group: GatewayGroup,
  system: SystemSettings,
  kept: { pool: KeyPool; healthOf: (url: string) => UpstreamHealth },
): LiveStandardGroup {
  const upstreams = group.upstreams.map(({ url, weight }) => {
    const { origin, pathname } = new URL(url);
    return {
      url,
      weight,
      origin,
      basePath: pathname.replace(/\/+$/, ''),
      health: kept.healthOf(url),
    };
  });
  return {
    type: 'standard',
    ...named(group, system),
    upstreams,
    upstreamChoice: new WeightedChoice(upstreams),
    pool: kept.pool,
    rewrite: rewriteRules(group),
    headerRules: group.header_rules,
    errorRules: group.error_rules,
  };
}

/** Compiles an aggregate; members that do not exist (any more) are left out. */
export function compileAggregateGroup(
  group: GatewayGroup,
  system: SystemSettings,
  standard: ReadonlyMap<string, LiveStandardGroup>,
): LiveAggregateGroup {
  const members = group.members.flatMap(({ group: name, weight }) => {
    const member = standard.get(name);
    return member === undefined ? [] : [{ weight, group: member }];
  });
  return {
    type: 'aggregate',
    ...named(group, system),
    members,
    memberChoice: new WeightedChoice(members),
  };
}

function named(group: GatewayGroup, system: SystemSettings): Named {
  return {
    name: group.name,
    channel: channelByName(group.channel),
    enabled: group.enabled,
    proxyKeys: proxyKeyNames(group.proxy_keys),
    settings: effectiveSettings(system.values, group.config),
  };
}

function rewriteRules(group: GatewayGroup): RewriteRules | null {
  const paramOverrides =
    Object.keys(group.param_overrides).length === 0 ? null : group.param_overrides;
  const modelRedirects = new Map(Object.entries(group.model_redirect_rules));
  if (paramOverrides === null && modelRedirects.size === 0 && !group.model_redirect_strict) {
    return null;
  }
  return { paramOverrides, modelRedirects, modelRedirectStrict: group.model_redirect_strict };
}
