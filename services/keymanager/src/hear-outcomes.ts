import type { Handled, Message } from '@keymux/bus';
import { type KeyOutcome, type KeyOutcomes, KeyOutcomesSchema } from '@keymux/contracts';
import type { Clock, Logger } from '@keymux/service';
import { Compile } from 'typebox/compile';
import { afterFailure } from './after-failure.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { HeardVersion } from './outcome-archive/outcome-archive.ts';
import type { Ledger } from './roster/ledger.ts';
import type { Unit } from './roster/unit.ts';
import { noUsage, type Usage } from './roster/usage.ts';

/** Counts what was heard: an outcome by its kind, or a message that was known already. */
export type Heard = KeyOutcome['kind'] | 'duplicate';

export interface HearOutcomesDeps {
  readonly ledger: Ledger;
  readonly groups: Pick<GroupDirectory, 'loaded' | 'seek' | 'outcomesKeptMs'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly heard: (what: Heard, count: number) => void;
}

const isOutcomes = Compile(KeyOutcomesSchema);

/**
 * Makes the consumer of KEY_OUTCOMES: events, roster, counters and the mark of the message are one
 * write, so that a message heard twice counts once.
 */
export function createHearOutcomes(
  deps: HearOutcomesDeps,
): (message: Message, delivery: number) => Promise<Handled> {
  const { ledger, groups, clock, log, heard } = deps;

  async function hear(id: string, data: KeyOutcomes, threshold: number): Promise<void> {
    const reach = { keyIds: keysOf(data), batch: data };
    const policy = { threshold, outcomesKeptMs: groups.outcomesKeptMs };
    const written = await ledger.write(reach, (unit) =>
      recordOutcomes(unit, { cause: id, data, policy, nowMs: clock.now() }),
    );
    if (written.kind === 'duplicate') {
      heard('duplicate', 1);
      return;
    }
    for (const outcome of data.outcomes) {
      heard(outcome.kind, outcome.kind === 'success' ? outcome.count : 1);
    }
  }

  return async (message, delivery) => {
    if (!isOutcomes.Check(message.data)) return 'park';
    // Without the config no threshold is known.
    if (!groups.loaded) return 'retry';
    try {
      const sought = await groups.seek(message.data.group);
      // Nor is that of a group which another service has only just created.
      if (sought.kind === 'unknown') return 'retry';
      // The group may be gone while its last outcomes arrive.
      const threshold = sought.kind === 'found' ? sought.group.blacklistThreshold : 0;
      await hear(message.id, message.data, threshold);
      return 'ack';
    } catch (error) {
      return afterFailure(error, { log, what: 'outcomes', id: message.id, delivery });
    }
  };
}

function keysOf({ outcomes }: KeyOutcomes): string[] {
  const ids = new Set<string>();
  for (const outcome of outcomes) {
    if (outcome.kind === 'guard') for (const id of outcome.key_ids) ids.add(id);
    else if (outcome.kind !== 'no-key') ids.add(outcome.key_id);
  }
  return [...ids];
}

function recordOutcomes(
  unit: Unit,
  about: {
    readonly cause: string;
    readonly data: KeyOutcomes;
    readonly policy: { readonly threshold: number; readonly outcomesKeptMs: number };
    readonly nowMs: number;
  },
): void {
  const { cause, data, policy, nowMs } = about;
  const { group, producer, outcomes } = data;
  const { threshold } = policy;
  const origin = { cause, actor: 'gateway' };
  const used = new Map<string, Usage>();
  const count = (id: string, requests: number, failures: number, at: string): void => {
    const before = used.get(id) ?? noUsage;
    const atMs = Date.parse(at);
    used.set(id, {
      requests: before.requests + requests,
      failures: before.failures + failures,
      lastUsedMs: Math.max(before.lastUsedMs, Number.isNaN(atMs) ? nowMs : Math.min(atMs, nowMs)),
    });
  };
  const inGroup = (id: string): boolean => unit.find(id)?.state.group === group;
  const versionOf = (id: string): number => unit.find(id)?.version ?? 0;
  const versions: HeardVersion[] = [];
  for (const outcome of outcomes) {
    versions.push(versionsOf(outcome, versionOf));
    switch (outcome.kind) {
      case 'noted':
      case 'no-key':
        break;
      case 'failure':
        if (!inGroup(outcome.key_id)) break;
        count(outcome.key_id, 1, 1, outcome.at);
        unit.apply(outcome.key_id, { kind: 'hear-failure', outcome, threshold, nowMs }, origin);
        break;
      case 'success':
        if (!inGroup(outcome.key_id)) break;
        count(outcome.key_id, outcome.count, 0, outcome.at);
        unit.apply(outcome.key_id, { kind: 'hear-success', outcome, nowMs }, origin);
        break;
      case 'guard':
        for (const id of new Set(outcome.key_ids)) {
          if (inGroup(id)) unit.apply(id, { kind: 'hear-guard', outcome, nowMs }, origin);
        }
        break;
      default:
        outcome satisfies never;
    }
  }
  for (const [id, each] of used) unit.count(id, each);
  if (policy.outcomesKeptMs > 0) {
    unit.archive({ group, producer, heardMs: nowMs, threshold, outcomes, versions });
  }
}

function versionsOf(outcome: KeyOutcome, versionOf: (id: string) => number): HeardVersion {
  if (outcome.kind === 'no-key') return 0;
  return outcome.kind === 'guard' ? outcome.key_ids.map(versionOf) : versionOf(outcome.key_id);
}
