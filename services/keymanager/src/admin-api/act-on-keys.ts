import type { keymanagerOperations } from '@keymux/contracts';
import { type FieldError, type Handler, isProblem, newId, problem } from '@keymux/service';
import { countSelected, type Selection } from '../commands/selection.ts';
import { fingerprintsOf } from '../roster/fingerprints.ts';
import type { AdminDeps } from './admin-deps.ts';
import { keyedGroupOf } from './group-of.ts';
import { acceptedReply } from './accepted-reply.ts';

type ActOnKeys = (typeof keymanagerOperations)['actOnKeys'];
type Body = Parameters<Handler<ActOnKeys>>[0]['body'];

function readTimes({ where }: Body): {
  times: { since_ms?: number; until_ms?: number };
  errors: FieldError[];
} {
  const errors: FieldError[] = [];
  const read = (field: 'since' | 'until'): number | undefined => {
    const text = where?.[field];
    if (text === undefined) return undefined;
    const ms = Date.parse(text);
    if (!Number.isNaN(ms)) return ms;
    errors.push({ field: `where.${field}`, message: 'must be a time (ISO 8601)' });
    return undefined;
  };
  const since = read('since');
  const until = read('until');
  const times = {
    ...(since === undefined ? {} : { since_ms: since }),
    ...(until === undefined ? {} : { until_ms: until }),
  };
  return { times, errors };
}

/** Bulk actions: what is meant is fixed now, what is done with it is a task. */
export function createActHandler(deps: AdminDeps): Handler<ActOnKeys> {
  const { roster, groups, runner, audit, vault, clock } = deps;

  // Secrets become ids at once: no task keeps a secret, nor what it could be found by.
  async function listOf(
    { ids, keys }: Body,
    poolId: number,
  ): Promise<{ ids?: string[]; missed: number }> {
    if (keys === undefined) return ids === undefined ? { missed: 0 } : { ids, missed: 0 };
    const found = new Set<string>();
    let missed = 0;
    const secrets = [...new Set(keys)].map((secret) => fingerprintsOf(vault, secret.trim()));
    const known = await roster.keys.idsBySecret(poolId, secrets.flat());
    for (const fingerprints of secrets) {
      const id = fingerprints.map((each) => known.get(each)).find((each) => each !== undefined);
      if (id === undefined) missed += 1;
      else found.add(id);
    }
    if (ids === undefined) return { ids: [...found], missed };
    return { ids: [...new Set(ids)].filter((id) => found.has(id)), missed };
  }

  return async ({ params, body, actor }) => {
    const group = await keyedGroupOf(groups, params.name);
    if (isProblem(group)) return group;
    const { times, errors } = readTimes(body);
    const { action, status, where, restore_passing: restores } = body;
    // An empty `where` is every key; it has to be said, or a forgotten condition would mean all.
    const given = [body.ids, body.keys, status, where];
    if (given.every((each) => each === undefined)) {
      const message = 'say which keys: ids, keys, status or where';
      errors.push({ field: 'body', message });
    }
    if (restores !== undefined && action !== 'validate') {
      errors.push({ field: 'restore_passing', message: 'is for validate only' });
    }
    if (errors.length > 0) return problem('invalid', { errors });
    const pool = await roster.pools.open(group.name);
    const { ids, missed } = await listOf(body, pool.id);
    const selection: Selection = {
      up_to_seq: await roster.list.lastSeq(pool.id),
      ...(ids === undefined ? {} : { ids: [...new Set(ids)] }),
      ...(status === undefined ? {} : { status }),
      ...(where?.rule === undefined ? {} : { rule: where.rule }),
      ...(where?.q === undefined ? {} : { q: where.q }),
      ...times,
    };
    const task = await runner.submit({
      kind: action,
      id: newId(),
      group: group.name,
      poolId: pool.id,
      actor,
      input: {
        selection,
        ...(action === 'validate' ? { restore_passing: restores === true } : {}),
      },
      total: (await countSelected(roster, pool.id, selection)) + missed,
      processed: missed,
      result: ids === undefined ? {} : { not_found: missed },
      createdMs: clock.now(),
    });
    await audit.record({
      type: 'KeysActed',
      actor,
      data: { action, group: group.name, keys: task.total, task_id: task.id },
    });
    return acceptedReply(task);
  };
}
