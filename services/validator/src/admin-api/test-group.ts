import type { Calls } from '@keymux/bus';
import type { validatorOperations } from '@keymux/contracts';
import { problem, type Handlers } from '@keymux/service';
import type { Vault } from '@keymux/vault';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { LiveConfig, LiveGroup } from '../live-config/live-config.ts';
import { openKey } from '../open-key.ts';
import type { Prober } from '../probe.ts';

/** Parts of the handlers. */
export interface HandlersDeps {
  readonly calls: Calls;
  readonly config: LiveConfig;
  readonly vault: Vault;
  readonly prober: Prober;
  /** Ends running tests. */
  readonly stopping: AbortSignal;
  /** Told of each test's result. */
  readonly counted: (says: 'works' | 'refused' | 'none') => void;
}

interface TestResult {
  upstream: string;
  ok: boolean;
  status: number | null;
  message: string;
  ms: number;
  key: string | null;
}

/** Answers the validator's part of the admin API. */
export function createHandlers(deps: HandlersDeps): Handlers<typeof validatorOperations> {
  const { calls, config, vault, prober, stopping, counted } = deps;
  const isPicked = Compile(
    Type.Object({
      key: Type.Union([
        Type.Object({ id: Type.String(), sealed: Type.String(), masked: Type.String() }),
        Type.Null(),
      ]),
    }),
  );

  async function testOne(live: LiveGroup, signal: AbortSignal): Promise<TestResult[]> {
    const { group, settings } = live;
    const picked = await calls.call('keys.pick', { group: group.name });
    if (!isPicked.Check(picked)) throw new Error('the answer to keys.pick is unreadable');
    const { key } = picked;
    const failAll = (message: string): TestResult[] =>
      group.upstreams.map(({ url }) => ({
        upstream: url,
        ok: false,
        status: null,
        message,
        ms: 0,
        key: key?.masked ?? null,
      }));
    if (key === null) return failAll('the group has no key to test with');
    const opened = openKey(vault, key.sealed);
    if (opened.kind === 'unreadable') return failAll(opened.message);
    return Promise.all(
      group.upstreams.map(async ({ url }) => {
        const request = { group, settings, upstreamUrl: url, secret: opened.secret, signal };
        const { says, status, message, ms } = await prober(request);
        counted(says);
        return { upstream: url, ok: says === 'works', status, message, ms, key: key.masked };
      }),
    );
  }

  /** The upstreams of all members, each with the name of its group in front. */
  async function testMembers(live: LiveGroup, signal: AbortSignal): Promise<TestResult[]> {
    const results = await Promise.all(
      live.group.members.map(async ({ group: name }) => {
        const member = config.group(name);
        const tested = member === undefined ? [] : await testOne(member, signal);
        return tested.map((result) => ({ ...result, upstream: `${name}: ${result.upstream}` }));
      }),
    );
    return results.flat();
  }

  return {
    async testGroup({ params, signal: clientGone }) {
      const signal = AbortSignal.any([clientGone, stopping]);
      if (!config.loaded) return problem('unavailable');
      const live = config.group(params.name);
      if (live === undefined) return problem('not_found');
      switch (live.group.type) {
        case 'standard':
          return { status: 200, body: { results: await testOne(live, signal) } };
        case 'aggregate':
          return { status: 200, body: { results: await testMembers(live, signal) } };
        default:
          return live.group.type satisfies never;
      }
    },
  };
}
