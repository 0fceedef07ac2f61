import type { validatorOperations } from '@keymux/contracts';
import { type Handler, problem } from '@keymux/service';
import type { LiveGroup } from '../live-config/live-config.ts';
import type { HandlersDeps } from './handlers-deps.ts';
import { pickKey } from './pick-key.ts';
import { type TestResult, testUpstreams, untested } from './upstream-tests.ts';

/** Tests a group as it is saved, with one of its keys. */
export function createTestGroup(
  deps: HandlersDeps,
): Handler<(typeof validatorOperations)['testGroup']> {
  const { config, stopping } = deps;

  async function testOne({ group, settings }: LiveGroup, signal: AbortSignal) {
    const picked = await pickKey(deps, group.name);
    return picked.kind === 'none'
      ? untested(group.upstreams, picked.message, picked.masked)
      : testUpstreams(deps, { group, settings, key: picked.key, signal });
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

  return async ({ params, signal: clientGone }) => {
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
  };
}
