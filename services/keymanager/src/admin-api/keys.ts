import type { keymanagerOperations } from '@keymux/contracts';
import { type Handler, isProblem, newId, problem, type Problem } from '@keymux/service';
import { VaultError } from '@keymux/vault';
import type { KeyCommand } from '../key/command.ts';
import type { KeyOrder } from '../roster/key-list.ts';
import type { KeyRow, ListedKey } from '../roster/keys.ts';
import { onlyWritten } from '../roster/ledger.ts';
import type { AdminDeps } from './admin-deps.ts';
import { readCursor, toCursor } from './cursor.ts';
import { groupOf } from './group-of.ts';
import { keyView } from './key-view.ts';

type Operations = typeof keymanagerOperations;

const defaultPage = 50;
const unknownKey = (): Problem => problem('not_found', { detail: 'there is no such key' });
const orders: readonly KeyOrder[] = ['created_at', 'last_used_at', 'requests', 'failures'];

/** A key whose group lives. */
export async function livingKey(
  { keys, pools }: AdminDeps['roster'],
  id: string,
): Promise<ListedKey | undefined> {
  const row = await keys.find(id);
  if (row === undefined) return undefined;
  const pool = await pools.byId(row.poolId);
  return pool === undefined || pool.closed ? undefined : row;
}

/** Keys in lists and one by one. */
export function createKeyHandlers(deps: AdminDeps): {
  listKeys: Handler<Operations['listKeys']>;
  getKey: Handler<Operations['getKey']>;
  changeKey: Handler<Operations['changeKey']>;
  deleteKey: Handler<Operations['deleteKey']>;
  revealKey: Handler<Operations['revealKey']>;
} {
  const { roster, groups, audit, vault, clock, headroom } = deps;
  const view = (row: ListedKey) => keyView(row, clock.now());

  const listKeys: Handler<Operations['listKeys']> = async ({ params, query }) => {
    const group = await groupOf(groups, params.name);
    if (isProblem(group)) return group;
    const { status, q, sort = 'created_at', limit = defaultPage } = query;
    const direction = sort.startsWith('-') ? 'descending' : 'ascending';
    const order = orders.find((each) => sort.endsWith(each)) ?? 'created_at';
    const after = readCursor(query.cursor, sort, 2);
    if (isProblem(after)) return after;
    const pool = await roster.pools.find(group.name);
    if (pool === undefined) {
      return { status: 200, body: { items: [], next_cursor: null, total: 0 } };
    }
    const text = q?.trim() ?? '';
    const filter = {
      ...(status === undefined ? {} : { status }),
      ...(text === '' ? {} : { seqs: await roster.search(pool.id, text) }),
    };
    const [value = 0, seq = 0] = after ?? [];
    const page = await roster.list.page({
      poolId: pool.id,
      filter,
      order,
      direction,
      after: after === null ? null : { value, seq },
      limit,
    });
    const nowMs = clock.now();
    const body = {
      items: page.keys.map((key) => keyView(key, nowMs)),
      next_cursor: page.next === null ? null : toCursor([sort, page.next.value, page.next.seq]),
      total: await roster.list.count(pool.id, filter),
    };
    return { status: 200, body };
  };

  const getKey: Handler<Operations['getKey']> = async ({ params }) => {
    const row = await livingKey(roster, params.id);
    if (row === undefined) return unknownKey();
    return { status: 200, body: { ...view(row), headroom: headroom.of(row.id) } };
  };

  // Decides commands for one key, unless it was changed since the revision that the client knows.
  async function command(
    id: string,
    commands: readonly KeyCommand[],
    { actor, ifMatch }: { actor: string; ifMatch?: number },
  ): Promise<ListedKey | 'deleted' | Problem> {
    const living = await livingKey(roster, id);
    if (living === undefined) return unknownKey();
    const origin = { cause: newId(), actor };
    const written = await roster.ledger.write({ keyIds: [id] }, (unit) => {
      const before = unit.find(id);
      if (before === undefined) return unknownKey();
      if (ifMatch !== undefined && ifMatch !== before.version) return problem('stale_revision');
      for (const each of commands) unit.apply(id, each, origin);
      return unit.find(id) ?? 'deleted';
    });
    const changed: KeyRow | 'deleted' | Problem = onlyWritten(written);
    if (changed === 'deleted' || isProblem(changed)) return changed;
    return { ...changed, usage: living.usage };
  }

  const changeKey: Handler<Operations['changeKey']> = async ({ params, body, ...by }) => {
    const { note, enabled } = body;
    const nowMs = clock.now();
    const commands: KeyCommand[] = [];
    if (note !== undefined) commands.push({ kind: 'note', note, nowMs });
    if (enabled !== undefined) commands.push({ kind: enabled ? 'enable' : 'disable', nowMs });
    const changed = await command(params.id, commands, by);
    if (isProblem(changed)) return changed;
    await audit.record({
      type: 'KeyChanged',
      actor: by.actor,
      data: { key_id: params.id, ...body },
    });
    return changed === 'deleted' ? unknownKey() : { status: 200, body: view(changed) };
  };

  const deleteKey: Handler<Operations['deleteKey']> = async ({ params, ...by }) => {
    const deleted = await command(params.id, [{ kind: 'delete', nowMs: clock.now() }], by);
    if (isProblem(deleted)) return deleted;
    const data = { key_id: params.id };
    await audit.record({ type: 'KeyDeleted', actor: by.actor, data });
    return { status: 204 };
  };

  const revealKey: Handler<Operations['revealKey']> = async ({ params, actor }) => {
    const row = await livingKey(roster, params.id);
    if (row === undefined) return unknownKey();
    const { id, state } = row;
    try {
      const secret = vault.open(state.sealed);
      const data = { key_id: id, group: state.group, masked: state.masked };
      await audit.record({ type: 'KeyRevealed', actor, data });
      return { status: 200, body: { id, secret } };
    } catch (error) {
      if (error instanceof VaultError) return problem('conflict', { detail: error.message });
      throw error;
    }
  };

  return { listKeys, getKey, changeKey, deleteKey, revealKey };
}
