import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bus, createInProcessBus, createInProcessCalls, type Message } from '@keymux/bus';
import { type CallTable, type GatewayGroup, groupDefaults, type PoolKey } from '@keymux/contracts';
import { createLogger, systemClock } from '@keymux/service';
import { afterEach, expect, it } from 'vitest';
import { KeptPools } from './kept-pools.ts';
import { LiveConfig } from './live-config.ts';
import { PoolSync } from './pool-sync.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const key = (id: string, version: number, state: PoolKey['state'] = 'active'): PoolKey => ({
  id,
  sealed: 'v1.x',
  masked: 'sk-…',
  state,
  streak: 0,
  cooldowns: [],
  version,
});
const group: GatewayGroup = {
  ...groupDefaults,
  name: 'g',
  channel: 'openai',
  upstreams: [{ url: 'https://provider.test', weight: 1 }],
};

/** A keymanager that only has a pool, which a test changes. */
function keymanager() {
  const hub = createInProcessBus({
    deadLetters: { park: () => Promise.resolve() },
    followerFailed: (error) => {
      throw error;
    },
  });
  const calls = createInProcessCalls();
  const pool = { revision: 0, keys: new Map<string, PoolKey>() };
  let asked = 0;
  let missed: (() => void) | undefined;
  // As over a network: one may be told that messages may have gone by.
  const bus: Bus = {
    ...hub,
    follow: (stream, handler, tellMissed) => {
      missed = tellMissed;
      return hub.follow(stream, handler);
    },
  };
  let hold: Promise<unknown> = Promise.resolve();
  const answering = () =>
    calls.answer('keys.pool', async (): Promise<CallTable['keys.pool']['reply']> => {
      asked += 1;
      const reply = { pool_revision: pool.revision, keys: [...pool.keys.values()], next: null };
      await hold;
      return reply;
    });
  const message = (changes: PoolKey[]): Message => ({
    id: `g.${pool.revision}`,
    type: 'keymux.key.state',
    version: 1,
    time: '',
    source: 'keymanager',
    subject: 'key.state.g',
    data: { group: 'g', pool_revision: pool.revision, changes },
  });
  return {
    bus,
    calls,
    answering,
    asked: () => asked,
    miss: () => missed?.(),
    /** Lets no answer out until the result is called. */
    stall() {
      const { promise, resolve } = Promise.withResolvers<void>();
      hold = promise;
      return resolve;
    },
    /** Changes keys; the message is to be sent, or not. */
    change(...changes: PoolKey[]) {
      pool.revision += 1;
      for (const each of changes) pool.keys.set(each.id, each);
      const told = message(changes);
      return { tell: () => hub.publish('KEY_STATE', told) };
    },
  };
}

async function gateway(
  { bus, calls }: ReturnType<typeof keymanager>,
  kept: KeptPools | null = null,
): Promise<{ usable(): string[]; standing(): unknown[]; sync: PoolSync }> {
  const live = new LiveConfig();
  const log = createLogger({ service: 'test', level: 'silent', format: 'json' });
  const sync = new PoolSync({ bus, calls, log, clock: systemClock, live, random: () => 0, kept });
  ends.push(() => sync.stop());
  await sync.start();
  live.load(1, { values: {}, proxy_keys: [] }, [group]);
  sync.followGroups();
  return {
    sync,
    standing: () => Array.from(sync.standing()),
    usable: () => {
      const pool = live.pool('g');
      return [...pool.ids()].filter((id) => pool.get(id)?.state === 'active').toSorted();
    },
  };
}
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 30_000, interval: 2 });

it('takes a snapshot, and then every change as it is told', async () => {
  const truth = keymanager();
  truth.change(key('a', 1), key('b', 1));
  truth.answering();
  const { sync, usable, standing } = await gateway(truth);
  await eventually(() => sync.loaded).toBe(true);
  expect(usable()).toEqual(['a', 'b']);
  await truth.change(key('a', 2, 'blacklisted')).tell();
  expect(usable()).toEqual(['b']);
  expect(standing()).toEqual([{ group: 'g', revision: 2, usableKeys: 1 }]);
  expect(truth.asked()).toBe(1);
});

it('notices by the revision that it missed a message, and reads the pool again', async () => {
  const truth = keymanager();
  truth.change(key('a', 1), key('b', 1), key('c', 1));
  truth.answering();
  const { sync, usable, standing } = await gateway(truth);
  await eventually(() => sync.loaded).toBe(true);
  truth.change(key('a', 2, 'blacklisted'));
  expect(usable()).toEqual(['a', 'b', 'c']);
  await truth.change(key('b', 2, 'disabled')).tell();
  await eventually(usable).toEqual(['c']);
  expect(standing()).toEqual([{ group: 'g', revision: 3, usableKeys: 1 }]);
});

it('reads the pool again when the bus was away, though no message ever says so', async () => {
  const truth = keymanager();
  truth.change(key('a', 1), key('b', 1));
  truth.answering();
  const { sync, usable } = await gateway(truth);
  await eventually(() => sync.loaded).toBe(true);
  truth.change(key('a', 2, 'blacklisted'));
  truth.miss();
  await eventually(usable).toEqual(['b']);
});

it('loses no change that comes while a snapshot is on its way', async () => {
  const truth = keymanager();
  truth.change(key('a', 1), key('b', 1));
  truth.answering();
  const release = truth.stall();
  const { sync, usable } = await gateway(truth);
  await eventually(truth.asked).toBe(1);
  await truth.change(key('a', 2, 'blacklisted')).tell();
  release();
  await eventually(() => sync.loaded).toBe(true);
  expect(usable()).toEqual(['b']);
});

it('passes by what is older than what it has, in whichever order it comes', async () => {
  const truth = keymanager();
  truth.change(key('a', 1));
  const old = truth.change(key('a', 2, 'blacklisted'));
  truth.change(key('a', 3));
  truth.answering();
  const { sync, usable, standing } = await gateway(truth);
  await eventually(() => sync.loaded).toBe(true);
  await old.tell();
  expect(usable()).toEqual(['a']);
  expect(standing()).toEqual([{ group: 'g', revision: 3, usableKeys: 1 }]);
});

it('serves with its last copy while nobody answers, and catches up when somebody does', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'keymux-pool-'));
  ends.push(() => rmSync(directory, { recursive: true }));
  const truth = keymanager();
  truth.change(key('a', 1), key('b', 1));
  const answers = truth.answering();
  const before = await gateway(truth, new KeptPools(directory));
  await eventually(() => before.sync.loaded).toBe(true);
  await truth.change(key('a', 2, 'blacklisted')).tell();
  await before.sync.stop();
  await answers.stop();
  truth.change(key('c', 1));
  const after = await gateway(truth, new KeptPools(directory));
  await eventually(() => after.sync.loaded).toBe(true);
  expect(after.usable()).toEqual(['b']);
  truth.answering();
  await eventually(after.usable).toEqual(['b', 'c']);
});
