import type { keymanagerOperations } from '@keymux/contracts';
import { type Handler, isProblem, newId, problem } from '@keymux/service';
import { probe, recordCheck } from '../commands/validate-keys.ts';
import { onlyWritten } from '../roster/ledger.ts';
import type { AdminDeps } from './admin-deps.ts';
import { groupOf } from './group-of.ts';
import { livingKey } from './keys.ts';

/** A probe of one key, now; restores it only when asked to. */
export function createValidateHandler(
  deps: AdminDeps,
): Handler<(typeof keymanagerOperations)['validateKey']> {
  const { roster, groups, calls, clock } = deps;
  return async ({ params, query, actor }) => {
    const row = await livingKey(roster, params.id);
    if (row === undefined) return problem('not_found', { detail: 'there is no such key' });
    const group = await groupOf(groups, row.state.group);
    if (isProblem(group)) return group;
    const probed = await probe(calls, group, row);
    switch (probed.kind) {
      case 'nobody':
        return problem('unavailable', { detail: 'the validator does not answer' });
      case 'failed':
        return problem('unavailable', { detail: 'the validator could not probe the key' });
      case 'checked': {
        const { check } = probed;
        const passing = query.apply === true ? 'restores' : 'reports';
        const origin = { cause: newId(), actor };
        const nowMs = clock.now();
        onlyWritten(
          await roster.ledger.write({ keyIds: [row.id] }, (unit) =>
            recordCheck(unit, check, { origin, passing, nowMs }),
          ),
        );
        return { status: 200, body: check };
      }
      default:
        return probed satisfies never;
    }
  };
}
