import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { keymanagerOperations } from '@keymux/contracts';
import { type Handler, isProblem } from '@keymux/service';
import { keysInOrder } from '../roster/key-list.ts';
import type { AdminDeps } from './admin-deps.ts';
import { groupOf } from './group-of.ts';

const pageKeys = 500;

/** The keys of a group in clear, at the pace of the client. */
export function createExportHandler(
  deps: AdminDeps,
): Handler<(typeof keymanagerOperations)['exportKeys']> {
  const { roster, groups, audit, vault } = deps;
  return async ({ params, query, actor, res, signal, req }) => {
    const group = await groupOf(groups, params.name);
    if (isProblem(group)) return group;
    const { status } = query;
    const pool = await roster.pools.find(group.name);
    const filter = status === undefined ? {} : { status };
    const keys = pool === undefined ? 0 : await roster.list.count(pool.id, filter);
    const data = { group: group.name, status: status ?? null, keys };
    // Before the first byte, so that no secret leaves without a trace.
    await audit.record({ type: 'KeysExported', actor, data });
    res.setHeader('content-type', 'text/plain; charset=utf-8');
    res.setHeader('cache-control', 'no-store');
    res.setHeader('x-content-type-options', 'nosniff');
    res.setHeader('content-disposition', `attachment; filename="${group.name}-keys.txt"`);
    let behindSeq = 0;
    while (pool !== undefined && req.method !== 'HEAD') {
      const asked = { poolId: pool.id, filter, behindSeq, limit: pageKeys };
      const page = await keysInOrder(roster.list, asked);
      const text = page.keys.map(({ state }) => `${vault.open(state.sealed)}\n`).join('');
      if (!res.write(text)) {
        await once(res, 'drain', { signal }).catch(() => undefined);
      }
      if (signal.aborted) return 'handled';
      if (page.next === null) break;
      behindSeq = page.next;
      await nextTurn();
    }
    res.end();
    return 'handled';
  };
}
