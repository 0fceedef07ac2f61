import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Bus, createInProcessBus, createInProcessCalls } from '@keymux/bus';
import type { ConfigChange, ConfigSnapshot } from '@keymux/contracts';
import { createLogger } from '@keymux/service';
import { afterEach, expect, it } from 'vitest';
import { ConfigFollower, type ConfigFollowerDeps } from './config-follower.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const snapshot = (revision: number): ConfigSnapshot => ({
  revision,
  settings: { values: {}, proxy_keys: [] },
  groups: [],
});
const deletion = (revision: number, name = `g${revision}`): ConfigChange => ({
  kind: 'group-deleted',
  revision,
  name,
});

/** A follower on a bus, whose questions the test answers one after the other. */
async function follow(more: Partial<ConfigFollowerDeps> = {}) {
  const asked: PromiseWithResolvers<unknown>[] = [];
  const known: string[] = [];
  const lines: string[] = [];
  const hub = createInProcessBus({
    deadLetters: { park: () => Promise.resolve() },
    followerFailed: (error) => {
      throw error;
    },
  });
  let missed: (() => void) | undefined;
  // As over a network: one may be told that messages may have gone by.
  const bus: Bus = {
    ...hub,
    follow: (stream, handler, tellMissed) => {
      missed = tellMissed;
      return hub.follow(stream, handler);
    },
  };
  const calls = createInProcessCalls();
  calls.answer('config.snapshot', () => {
    const answer = Promise.withResolvers<unknown>();
    asked.push(answer);
    return answer.promise;
  });
  const write = (line: string): void => void lines.push(line);
  const follower = new ConfigFollower({
    bus,
    calls,
    log: createLogger({ service: 'test', level: 'warn', format: 'json', write }),
    load: ({ revision }) => known.splice(0, known.length, `snapshot ${revision}`),
    apply: (change) => known.push(change.kind === 'group-deleted' ? change.name : change.kind),
    retryMs: 1,
    ...more,
  });
  ends.push(async () => {
    await follower.stop();
    await calls.close();
    await hub.close();
  });
  await follower.start();
  const question = async (nth: number): Promise<PromiseWithResolvers<unknown>> => {
    await expect.poll(() => asked.length, { interval: 1 }).toBeGreaterThanOrEqual(nth);
    const one = asked[nth - 1];
    if (one === undefined) throw new Error(`there was no question ${nth}`);
    return one;
  };
  return {
    follower,
    known,
    lines,
    asked,
    missed: () => missed?.(),
    tell: (data: unknown) =>
      bus.publish('CONFIG', {
        id: 'm',
        type: 't',
        version: 1,
        time: '',
        source: 's',
        subject: 'config',
        data,
      }),
    /** Answers the nth question, and waits until that is heard. */
    answer: async (nth: number, reply: unknown) => {
      (await question(nth)).resolve(reply);
      await nextTurn();
    },
    fail: async (nth: number) => {
      (await question(nth)).reject(new Error('the store is away'));
      await nextTurn();
    },
  };
}

it('takes a snapshot first, and then each change', async () => {
  const { follower, known, tell, answer } = await follow();
  expect(follower.loaded).toBe(false);
  await answer(1, snapshot(5));
  expect(follower.loaded).toBe(true);
  await tell(deletion(6));
  await tell(deletion(7));
  expect(known).toEqual(['snapshot 5', 'g6', 'g7']);
});

it('loses no change that comes while a snapshot is on its way', async () => {
  const { known, tell, answer } = await follow();
  await tell(deletion(5));
  await tell(deletion(6));
  await answer(1, snapshot(4));
  expect(known).toEqual(['snapshot 4', 'g5', 'g6']);
});

it('takes all changes of one revision, and none that is older', async () => {
  const { known, tell, answer } = await follow();
  await answer(1, snapshot(5));
  await tell(deletion(6, 'a'));
  await tell(deletion(6, 'b'));
  await tell(deletion(5, 'old'));
  expect(known).toEqual(['snapshot 5', 'a', 'b']);
});

it.each([
  ['after a gap', 'tell', deletion(8)],
  ['after what it cannot read', 'tell', 'what?'],
  ['when it may have missed something', 'missed', null],
] as const)('asks for a snapshot %s', async (_when, how, data) => {
  const { known, tell, missed, answer, asked } = await follow();
  await answer(1, snapshot(5));
  expect(asked).toHaveLength(1);
  if (how === 'tell') await tell(data);
  else missed();
  await answer(2, snapshot(9));
  expect(known).toEqual(['snapshot 9']);
});

it('takes no snapshot from before the question for an answer', async () => {
  const { follower, known, answer } = await follow();
  await nextTurn();
  const again = follower.refresh();
  expect(follower.refresh()).toBe(again);
  await answer(1, snapshot(5));
  expect(known).toEqual(['snapshot 5']);
  await answer(2, snapshot(6));
  expect(await again).toBe(true);
  expect(known).toEqual(['snapshot 6']);
});

it('takes no snapshot of a config service that knows less', async () => {
  const { follower, known, tell, answer } = await follow();
  await answer(1, snapshot(5));
  await tell(deletion(6));
  const again = follower.refresh();
  await answer(2, snapshot(5));
  expect(await again).toBe(true);
  expect(known).toEqual(['snapshot 5', 'g6']);
});

it('goes on asking, and says once and without a stack that there is no snapshot', async () => {
  const { follower, lines, answer, fail } = await follow();
  const first = follower.settled();
  await fail(1);
  expect(await first).toBe(false);
  await fail(2);
  await answer(3, { revision: 'what?' });
  await answer(4, snapshot(5));
  expect(follower.loaded).toBe(true);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('the store is away');
});

it('takes changes while the config service does not answer', async () => {
  const { known, missed, tell, answer, fail } = await follow();
  await answer(1, snapshot(5));
  missed();
  await nextTurn();
  await tell(deletion(6));
  await fail(2);
  await tell(deletion(7));
  expect(known).toEqual(['snapshot 5', 'g6', 'g7']);
});

it('goes on with a stand-in until there is a snapshot', async () => {
  let taken = 0;
  const standIn = (): ConfigSnapshot => {
    taken += 1;
    return snapshot(3);
  };
  const { follower, known, answer, fail } = await follow({ standIn });
  await fail(1);
  expect([known, follower.loaded]).toEqual([['snapshot 3'], true]);
  await fail(2);
  await answer(3, snapshot(4));
  expect([known, taken]).toEqual([['snapshot 4'], 1]);
});

it('asks anew when its service cannot take a snapshot', async () => {
  const taken: number[] = [];
  const { follower, answer } = await follow({
    load: ({ revision }) => {
      taken.push(revision);
      if (taken.length === 1) throw new Error('a bug');
    },
  });
  await answer(1, snapshot(5));
  await answer(2, snapshot(5));
  expect([taken, follower.loaded]).toEqual([[5, 5], true]);
});

it('asks and takes nothing any more once it is stopped', async () => {
  const { follower, known, asked, answer } = await follow();
  await nextTurn();
  const again = follower.refresh();
  await follower.stop();
  await answer(1, snapshot(5));
  expect(await again).toBe(false);
  expect([asked.length, known]).toEqual([1, []]);
});
