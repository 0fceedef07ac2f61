import type { Calls, Subscription } from '@keymux/bus';
import type { CallName, CallTable } from '@keymux/contracts';
import { type Clock, newId } from '@keymux/service';
import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { CopyInput } from './commands/copy-keys.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { Roster } from './roster/roster.ts';
import type { TaskRunner } from './tasks/task-runner.ts';

const limit = Type.Integer({ minimum: 1, maximum: 10_000 });
const PoolRequest = Type.Object({
  group: Type.String(),
  after: Type.Union([Type.String({ pattern: '^\\d{1,15}$' }), Type.Null()]),
  limit,
});
const DueRequest = Type.Object({ group: Type.String(), before_ms: Type.Number(), limit });
const PickRequest = Type.Object({ group: Type.String() });
const CopyRequest = Type.Object({
  from: Type.String(),
  to: Type.String(),
  keys: Type.Enum(['active', 'all']),
  actor: Type.String(),
});

/** Answers what other services ask of keys; the subscriptions are the caller's to stop. */
export function answerCalls(deps: {
  readonly calls: Calls;
  readonly roster: Pick<Roster, 'reader' | 'pools' | 'list'>;
  readonly groups: GroupDirectory;
  readonly runner: TaskRunner;
  readonly clock: Clock;
}): Subscription[] {
  const { calls, roster, groups, runner, clock } = deps;
  const { reader, pools, list } = roster;

  function answer<N extends CallName, S extends TSchema>(
    name: N,
    schema: S,
    reply: (request: Static<S>) => Promise<CallTable[N]['reply']>,
  ): Subscription {
    const check = Compile(schema);
    return calls.answer(name, async (request) => {
      if (!check.Check(request)) throw new Error(`the request of ${name} is unreadable`);
      return reply(request);
    });
  }

  async function copy({ from, to, keys, actor }: Static<typeof CopyRequest>) {
    const sought = await groups.seek(to);
    if (sought.kind !== 'found') throw new Error(`there is no group ${to}`);
    const source = await pools.open(from);
    const up_to_seq = await list.lastSeq(source.id);
    const input: CopyInput = { from_pool: source.id, keys, up_to_seq };
    const task = await runner.submit({
      kind: 'copy',
      id: newId(),
      group: to,
      poolId: (await pools.open(to)).id,
      actor,
      input,
      total: await list.count(source.id, {}),
      result: { added: 0, duplicates: 0 },
      createdMs: clock.now(),
    });
    return { task_id: task.id };
  }

  return [
    answer('keys.pool', PoolRequest, ({ group, after, limit: keys }) =>
      reader.page(group, after, keys),
    ),
    answer('keys.due', DueRequest, ({ group, before_ms, limit: keys }) =>
      reader.due(group, before_ms, keys),
    ),
    answer('keys.pick', PickRequest, ({ group }) => reader.pick(group)),
    answer('keys.counts', Type.Object({}), async () => ({
      groups: await reader.counts(),
    })),
    answer('keys.copy', CopyRequest, copy),
  ];
}
