import type { keymanagerOperations, Simulation, TriedPolicy } from '@keymux/contracts';
import { type Handler, invalidField, isProblem, problem } from '@keymux/service';
import type { ReplayPolicy } from '../what-if/policy.ts';
import type { KeyVerdict, ReplayReport } from '../what-if/replay.ts';
import { whatIf } from '../what-if/what-if.ts';
import type { AdminDeps } from './admin-deps.ts';
import { groupOf } from './group-of.ts';

const listedKeys = 1_000;

/** What if: recorded outcomes under another policy. */
export function createSimulateHandler(
  deps: Pick<AdminDeps, 'archive' | 'store' | 'snapshots' | 'poolSnapshots' | 'roster' | 'groups'>,
): Handler<(typeof keymanagerOperations)['simulatePolicy']> {
  const { archive, store, snapshots, poolSnapshots, roster, groups } = deps;
  let working = false;
  return async ({ params, body }) => {
    const group = await groupOf(groups, params.name);
    if (isProblem(group)) return group;
    const fromMs = Date.parse(body.from);
    const toMs = Date.parse(body.to);
    if (Number.isNaN(fromMs)) return invalidField('from', 'must be a time, as ISO 8601');
    if (Number.isNaN(toMs)) return invalidField('to', 'must be a time, as ISO 8601');
    if (toMs <= fromMs) return invalidField('to', 'must be after `from`');
    if (group.type === 'aggregate') {
      const detail = 'an aggregate group decides nothing about keys: ask its members';
      return problem('conflict', { detail });
    }
    if (working) {
      const detail = 'another simulation is running';
      return problem('too_many_requests', { detail, headers: { 'retry-after': '2' } });
    }
    working = true;
    try {
      const pool = await roster.pools.find(group.name);
      const answer = await whatIf(
        { archive, store, snapshots, poolSnapshots, list: roster.list },
        {
          group: group.name,
          poolId: pool?.id ?? null,
          policy: readPolicy(body.config),
          fromMs,
          toMs,
        },
      );
      return { status: 200, body: view(answer) };
    } finally {
      working = false;
    }
  };
}

function readPolicy(tried: TriedPolicy): ReplayPolicy {
  const { guard, rest_seconds } = tried;
  return {
    threshold: tried.blacklist_threshold ?? null,
    errorRules: tried.error_rules ?? null,
    usualRestMs: rest_seconds === undefined ? null : rest_seconds * 1_000,
    maxRetries: tried.max_retries ?? null,
    guard:
      guard === undefined
        ? null
        : guard.enabled === false
          ? 'off'
          : {
              ...(guard.window_seconds === undefined
                ? {}
                : { windowMs: guard.window_seconds * 1_000 }),
              ...(guard.keys === undefined ? {} : { keys: guard.keys }),
            },
  };
}

function view({ outcomes, before, after }: Awaited<ReturnType<typeof whatIf>>): Simulation {
  const differing = differences(before.verdicts, after.verdicts);
  return {
    outcomes,
    requests_without_key: after.requestsWithoutKey,
    keys: differing.slice(0, listedKeys),
    keys_total: differing.length,
    before: replayed(before),
    after: replayed(after),
  };
}

function replayed(report: ReplayReport): Simulation['before'] {
  return {
    blacklisted: report.blacklisted,
    cooled: report.cooled,
    failures: report.failures,
    requests_without_key: report.requestsWithoutKey,
    requests_failed_over: report.requestsFailedOver,
    seconds_without_key: report.withoutKeyMs / 1_000,
    usable: report.usable.map(({ atMs, usable }) => ({
      time: new Date(atMs).toISOString(),
      value: usable,
    })),
  };
}

/** Keys that would have fared otherwise, in the order of time. */
function differences(
  before: ReadonlyMap<string, KeyVerdict>,
  after: ReadonlyMap<string, KeyVerdict>,
): Simulation['keys'] {
  const ids = new Set([...before.keys(), ...after.keys()]);
  return [...ids]
    .flatMap((id): Simulation['keys'] => {
      const [was, is] = [before.get(id), after.get(id)];
      if (was?.verdict === is?.verdict) return [];
      return [
        {
          id,
          verdict: is?.verdict ?? 'kept',
          at: new Date(is?.atMs ?? was?.atMs ?? 0).toISOString(),
          recorded_verdict: was?.verdict ?? 'kept',
        },
      ];
    })
    .toSorted((a, b) => (a.at < b.at ? -1 : 1));
}
