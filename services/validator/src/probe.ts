import { channelByName } from '@keymux/channels';
import type { GatewayGroup } from '@keymux/contracts';
import type { Outbound } from '@keymux/outbound';
import type { Clock } from '@keymux/service';
import { probeOf } from './group-rules.ts';
import type { ProbeSettings } from './live-config/probe-settings.ts';
import { sendSmall } from './small-request.ts';
import { judgeProbe, type ProbeVerdict } from './verdict.ts';

/** What one probe needs. */
export interface ProbeRequest {
  readonly group: GatewayGroup;
  readonly settings: ProbeSettings;
  /** Base URL of an upstream of the group. */
  readonly upstreamUrl: string;
  readonly secret: string;
  /** Ends the probe at once: its result is then of no use. */
  readonly signal: AbortSignal;
}

/** What one probe brought; `ms` is how long it took. */
export type ProbeResult = ProbeVerdict & { readonly ms: number };

/** Sends probes the way requests of a group go. */
export type Prober = (request: ProbeRequest) => Promise<ProbeResult>;

/** Makes a prober over the given connections. */
export function createProber({ outbound, clock }: { outbound: Outbound; clock: Clock }): Prober {
  return async ({ group, settings, upstreamUrl, secret, signal }) => {
    const channel = channelByName(group.channel);
    const { method, path, body, headers } = probeOf(group, channel);
    const { origin, pathname } = new URL(upstreamUrl);
    const dispatcher = outbound.dispatcher({ origin, ...settings.connection });
    const names = new Set(
      headers.filter((_, at) => at % 2 === 0).map((each) => each.toLowerCase()),
    );
    const request = {
      method,
      path: `${pathname.replace(/\/+$/, '')}${path}`,
      headers: [...headers, ...channel.credentialHeaders(secret, path, names)],
      body,
    };
    const { timeoutMs } = settings;
    const began = clock.now();
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const answer = await sendSmall(dispatcher, request, limit);
    return { ...judgeProbe(answer, { channel, secret, timeoutMs }), ms: clock.now() - began };
  };
}

/**
 * Probes a key at the group's upstreams, one after the other, until one says something of the key: the first by weight, then
 * the others. `random` gives a number from 0 up to 1.
 */
export async function probeKey(
  prober: Prober,
  request: Omit<ProbeRequest, 'upstreamUrl'>,
  random: () => number,
): Promise<ProbeResult> {
  let last: ProbeResult = { says: 'none', status: null, message: 'no upstream to ask', ms: 0 };
  for (const upstreamUrl of inOrder(request.group.upstreams, random())) {
    const result = await prober({ ...request, upstreamUrl });
    last = { ...result, ms: last.ms + result.ms };
    // A rate limit is of the key: another upstream would count it too.
    if (last.says !== 'none' || last.status === 429 || request.signal.aborted) break;
  }
  return last;
}

/** Upstreams that get requests; the first is chosen by weight with `at` from 0 up to 1. */
export function inOrder(
  upstreams: readonly { readonly url: string; readonly weight: number }[],
  at: number,
): string[] {
  const used = upstreams.filter(({ weight }) => weight > 0);
  const total = used.reduce((sum, { weight }) => sum + weight, 0);
  let left = at * total;
  const first = used.findIndex(({ weight }) => (left -= weight) < 0);
  const start = Math.max(first, 0);
  return [...used.slice(start), ...used.slice(0, start)].map(({ url }) => url);
}
