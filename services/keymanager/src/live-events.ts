import type { Bus, Message, Subscription } from '@keymux/bus';
import {
  type ConfigChange,
  ConfigChangeSchema,
  type KeyStateChanged,
  KeyStateChangedSchema,
  type Task,
} from '@keymux/contracts';
import type { AdminAuth, Clock, Identity } from '@keymux/service';
import { EventStreams } from '@keymux/service/admin';
import type { Response } from 'express';
import { Compile } from 'typebox/compile';
import { isFinished } from './tasks/task-record.ts';

/** Server-sent events for the console: what changes, as it changes. */
export interface LiveEvents {
  /** Answers with a stream that ends when the client leaves, is too slow, or its session ends. */
  open(res: Response, identity: Identity): void;
  taskChanged(task: Task): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const isState = Compile(KeyStateChangedSchema);
const isConfig = Compile(ConfigChangeSchema);

/** Keys named in one event; of more, a client reads the list. */
const namedKeys = 100;
/** Shortest time between two events of one task's progress. */
const taskEveryMs = 200;

function keyEvent({ group, pool_revision, changes }: KeyStateChanged, nowMs: number): object {
  const keys = changes.length > namedKeys ? [] : changes;
  return {
    group,
    pool_revision,
    count: changes.length,
    // Not what gateways get: the sealed secret stays inside.
    keys: keys.map(({ id, masked, state, streak, cooldowns, version }) => ({
      id,
      masked,
      status:
        state === 'active' && cooldowns.some((each) => each.until_ms > nowMs) ? 'cooling' : state,
      streak,
      version,
    })),
  };
}

function configEvent(change: ConfigChange): object | undefined {
  const { kind, revision } = change;
  switch (change.kind) {
    case 'group':
      return { kind, revision, group: change.group.name };
    case 'group-deleted':
      return { kind, revision, group: change.name };
    case 'settings':
      return { kind, revision };
    case 'session-revoked':
      return undefined;
    default:
      return change satisfies never;
  }
}

/** Makes the live events from KEY_STATE, CONFIG and what the task runner tells. */
export function createLiveEvents({
  bus,
  auth,
  clock,
}: {
  readonly bus: Bus;
  readonly auth: Pick<AdminAuth, 'verify'>;
  readonly clock: Clock;
}): LiveEvents {
  const streams = new EventStreams<null>({ auth });
  const toldAtMs = new Map<string, number>();
  let subscriptions: Subscription[] = [];

  function send(event: string, data: object): void {
    if (streams.isEmpty) return;
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    streams.send(() => text);
  }

  function hearConfig({ data }: Message): void {
    if (!isConfig.Check(data)) return;
    const event = configEvent(data);
    if (event !== undefined) send('config', event);
    if (data.kind === 'session-revoked') streams.endSession(data.session);
  }

  return {
    open: (res, identity) => streams.open(res, identity, null),
    taskChanged(task) {
      const nowMs = clock.now();
      const told = toldAtMs.get(task.id);
      if (isFinished(task.state)) toldAtMs.delete(task.id);
      else if (told !== undefined && nowMs - told < taskEveryMs) return;
      else toldAtMs.set(task.id, nowMs);
      send('task', task);
    },
    async start() {
      subscriptions = [
        await bus.follow('KEY_STATE', ({ data }) => {
          if (isState.Check(data)) send('key', keyEvent(data, clock.now()));
        }),
        await bus.follow('CONFIG', hearConfig),
      ];
      streams.start();
    },
    async stop() {
      streams.stop();
      await Promise.all(subscriptions.map((each) => each.stop()));
    },
  };
}
