import type { GatewayGroup } from '@keymux/contracts';
import type { ProbeSettings } from '../live-config/probe-settings.ts';
import type { Prober } from '../probe.ts';
import type { ProbeVerdict } from '../verdict.ts';

/** What a test of one upstream brought. */
export interface TestResult {
  upstream: string;
  ok: boolean;
  status: number | null;
  message: string;
  ms: number;
  /** Masked. */
  key: string | null;
}

/** A key to test with. */
export interface TestKey {
  readonly secret: string;
  readonly masked: string;
}

/** Says the same of all upstreams, of which none was asked. */
export const untested = (
  upstreams: readonly { readonly url: string }[],
  message: string,
  key: string | null,
): TestResult[] =>
  upstreams.map(({ url }) => ({ upstream: url, ok: false, status: null, message, ms: 0, key }));

/** Sends one small request through each upstream of a group. */
export function testUpstreams(
  { prober, counted }: { prober: Prober; counted: (says: ProbeVerdict['says']) => void },
  request: {
    readonly group: GatewayGroup;
    readonly settings: ProbeSettings;
    readonly key: TestKey;
    readonly signal: AbortSignal;
  },
): Promise<TestResult[]> {
  const { group, settings, key, signal } = request;
  return Promise.all(
    group.upstreams.map(async ({ url }) => {
      const probe = { group, settings, upstreamUrl: url, secret: key.secret, signal };
      const { says, status, message, ms } = await prober(probe);
      counted(says);
      return { upstream: url, ok: says === 'works', status, message, ms, key: key.masked };
    }),
  );
}
