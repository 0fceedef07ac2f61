import { createInProcessBus, createInProcessCalls } from '@keymux/bus';
import type { ConfigChange, GatewayGroup } from '@keymux/contracts';
import { createLogger } from '@keymux/service';
import { afterEach, expect, it } from 'vitest';
import { createGroupDirectory } from './group-directory.ts';
import { groupNamed } from './running-keymanager.fixture.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function make() {
  const log = createLogger({ service: 'test', level: 'warn', format: 'json', write: () => {} });
  const bus = createInProcessBus({
    deadLetters: { park: async () => {} },
    followerFailed: (error) => {
      throw error;
    },
  });
  const calls = createInProcessCalls();
  const deleted: string[] = [];
  const listed: string[][] = [];
  const directory = createGroupDirectory({
    bus,
    calls,
    log,
    listed: (names) => listed.push([...names]),
    deleted: (name) => deleted.push(name),
    retryMs: 5,
  });
  ends.push(() => directory.stop());
  const snapshot = { revision: 5, threshold: 4, groups: [groupNamed('a')] };
  const settings = () => ({ values: { blacklist_threshold: snapshot.threshold }, proxy_keys: [] });
  const answer = () =>
    calls.answer('config.snapshot', () =>
      Promise.resolve({
        revision: snapshot.revision,
        settings: settings(),
        groups: snapshot.groups,
      }),
    );
  const change = (data: ConfigChange) =>
    bus.publish('CONFIG', {
      id: 'x',
      type: 'keymux.config.changed',
      version: 1,
      time: '',
      source: 'test',
      subject: 'config.x',
      data,
    });
  return { directory, calls, snapshot, answer, change, deleted, listed, settings };
}
const group = (revision: number, name: string, more: Partial<GatewayGroup> = {}): ConfigChange => ({
  kind: 'group',
  revision,
  group: groupNamed(name, more),
});

it('knows groups by their own setting, else the system one', async () => {
  const { directory, answer, change, settings, snapshot } = make();
  answer();
  await directory.start();
  expect(directory.find('a')).toMatchObject({ blacklistThreshold: 4, probes: 10 });
  await change(group(6, 'a', { config: { blacklist_threshold: 0 } }));
  expect(directory.find('a')?.blacklistThreshold).toBe(0);
  await change(group(7, 'a', { config: { blacklist_threshold: null } }));
  snapshot.threshold = 9;
  await change({ kind: 'settings', revision: 8, settings: settings() });
  expect(directory.find('a')?.blacklistThreshold).toBe(9);
  await change(group(6, 'a', { config: { blacklist_threshold: 1 } }));
  expect(directory.find('a')?.blacklistThreshold).toBe(9);
});

it('waits for a config that is not there yet', async () => {
  const { directory, answer, listed } = make();
  await directory.start();
  expect([directory.loaded, directory.find('a')]).toEqual([false, undefined]);
  answer();
  await expect.poll(() => directory.loaded).toBe(true);
  expect(listed).toEqual([['a']]);
});

it('tells of deleted groups, and after a gap of all that there are', async () => {
  const { directory, answer, change, deleted, snapshot, listed } = make();
  answer();
  await directory.start();
  await change({ kind: 'group-deleted', revision: 6, name: 'a' });
  expect([deleted, directory.find('a')]).toEqual([['a'], undefined]);
  snapshot.revision = 9;
  snapshot.groups = [groupNamed('b')];
  await change(group(9, 'c'));
  await expect.poll(() => listed.at(-1)).toEqual(['b']);
});

it('asks for a group whose creation is still on its way, and says what it cannot know', async () => {
  const { directory, calls, answer, snapshot } = make();
  const silent = answer();
  await directory.start();
  snapshot.revision = 6;
  snapshot.groups = [groupNamed('a'), groupNamed('new')];
  expect(await directory.seek('new')).toMatchObject({ kind: 'found', group: { name: 'new' } });
  expect(await directory.seek('nobody')).toEqual({ kind: 'none' });
  await silent.stop();
  calls.answer('config.snapshot', () => Promise.reject(new Error('away')));
  expect(await directory.seek('nobody')).toEqual({ kind: 'unknown' });
  expect(await directory.seek('a')).toMatchObject({ kind: 'found' });
});

it('takes no snapshot from before the question for an answer', async () => {
  const { directory, calls, change, settings } = make();
  const revisions: PromiseWithResolvers<GatewayGroup[]>[] = [];
  calls.answer('config.snapshot', async () => {
    const asked = Promise.withResolvers<GatewayGroup[]>();
    revisions.push(asked);
    return { revision: 5, settings: settings(), groups: await asked.promise };
  });
  const started = directory.start();
  await expect.poll(() => revisions.length).toBe(1);
  const sought = directory.seek('new');
  revisions[0]?.resolve([groupNamed('a')]);
  await started;
  await expect.poll(() => revisions.length).toBe(2);
  revisions[1]?.resolve([groupNamed('a'), groupNamed('new')]);
  expect(await sought).toMatchObject({ kind: 'found' });
  await change(group(6, 'a'));
  expect(directory.find('a')?.name).toBe('a');
});
