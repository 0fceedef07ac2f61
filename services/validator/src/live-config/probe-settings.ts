import type { GatewayGroup, SystemSettings } from '@keymux/contracts';
import type { UpstreamOptions } from '@keymux/outbound';

/** The settings of a group that probes go by. */
export interface ProbeSettings {
  readonly intervalMs: number;
  /** Most probes at the same time. */
  readonly concurrency: number;
  /** Of a whole probe at one upstream. */
  readonly timeoutMs: number;
  readonly connection: Omit<UpstreamOptions, 'origin'>;
}

/** The effective settings: the group's over the system's. */
export function probeSettings(group: GatewayGroup, system: SystemSettings): ProbeSettings {
  const config: Readonly<Record<string, unknown>> = group.config;
  const value = (name: string): unknown => config[name] ?? system.values[name];
  const number = (name: string): number => Number(value(name));
  return {
    intervalMs: number('key_validation_interval_minutes') * 60_000,
    concurrency: number('key_validation_concurrency'),
    timeoutMs: number('key_validation_timeout_seconds') * 1000,
    connection: {
      proxyUrl: String(value('proxy_url') ?? ''),
      connectTimeoutMs: number('connect_timeout') * 1000,
      idleTimeoutMs: number('idle_conn_timeout') * 1000,
      maxIdlePerHost: number('max_idle_conns_per_host'),
      maxIdleTotal: number('max_idle_conns'),
    },
  };
}
