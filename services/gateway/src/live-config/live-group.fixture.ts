import { channelByName } from '@keymux/channels';
import { KeyPool } from '../key-ring/key-pool.ts';
import { WeightedChoice } from '../key-ring/weighted-choice.ts';
import { UpstreamHealth } from '../upstream/upstream-health.ts';
import {
  effectiveSettings,
  type LiveAggregateGroup,
  type LiveStandardGroup,
} from './live-group.ts';

const named = (name: string, enabled: boolean, config: Readonly<Record<string, number>>) => ({
  name,
  channel: channelByName('openai'),
  enabled,
  proxyKeys: new Map(),
  settings: effectiveSettings(config, {}),
});

/** A standard group for tests; its keys are active and called by its name and a number from 0. */
export function standardGroup({
  name = 'g',
  keys = 3,
  upstreams: upstreamCount = 1,
  enabled = true,
  config = {},
}: {
  readonly name?: string;
  readonly keys?: number;
  readonly upstreams?: number;
  readonly enabled?: boolean;
  readonly config?: Readonly<Record<string, number>>;
} = {}): LiveStandardGroup {
  const pool = new KeyPool();
  for (let each = 0; each < keys; each += 1) {
    const about = { sealed: 's', masked: 'm', state: 'active', streak: 0, version: 1 } as const;
    pool.apply({ id: `${name}${each}`, cooldowns: [], ...about }, 0);
  }
  const upstreams = Array.from({ length: upstreamCount }, (_, at) => {
    const url = `https://${name}${at}.example`;
    return { url, origin: url, basePath: '', weight: 1, health: new UpstreamHealth() };
  });
  return {
    type: 'standard',
    ...named(name, enabled, config),
    upstreams,
    upstreamChoice: new WeightedChoice(upstreams),
    pool,
    rewrite: null,
    headerRules: [],
    errorRules: [],
  };
}

/** An aggregate group for tests. */
export function aggregateGroup(
  ...members: readonly { readonly group: LiveStandardGroup; readonly weight: number }[]
): LiveAggregateGroup {
  return {
    type: 'aggregate',
    ...named('all', true, {}),
    members,
    memberChoice: new WeightedChoice(members),
  };
}
