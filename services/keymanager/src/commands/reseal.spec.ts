import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteEventStore } from '@keymux/event-store';
import { createLogger, newId, systemClock as clock } from '@keymux/service';
import { createVault, type Vault } from '@keymux/vault';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSqliteKeyStore } from '../key-store/sqlite.ts';
import { spooledKey } from '../import/spool.ts';
import { openMigrated } from '../roster/sqlite/memory-roster.fixture.ts';
import { createTaskRunner } from '../tasks/task-runner.ts';
import type { TaskWork } from '../tasks/task-work.ts';
import { createImportWork, importInput } from './import-keys.ts';
import { createResealWork } from './reseal-keys.ts';
import { reseal } from './reseal.ts';

const before = createVault('the old key');
const changing = createVault('the new key', { previous: 'the old key' });
const after = createVault('the new key');
const goingBack = createVault('the old key', { previous: 'the new key' });

let dataDir = '';
let stops: (() => Promise<void>)[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'keymux-reseal-'));
});
afterEach(async () => {
  for (const stop of stops) await stop();
  stops = [];
  rmSync(dataDir, { recursive: true });
});

/** A store that several keymanagers share. */
function openStore() {
  const db = openMigrated();
  const events = createSqliteEventStore(db);
  stops.push(async () => db.close());
  const store = createSqliteKeyStore({ db, events, vault: before, clock, dataDir });
  /** How many keys and events hold something that a vault sealed. */
  const sealedBy = (vault: Vault): number =>
    db
      .prepare('SELECT sealed AS text FROM keys UNION ALL SELECT data FROM events')
      .all()
      .filter(({ text }) => String(text).includes(`v1.${vault.keyId}.`)).length;
  return { ...store, sealedBy };
}
type Store = ReturnType<typeof openStore>;

const otherWork: TaskWork = { step: () => Promise.reject(new Error('not in these tests')) };

/** What a keymanager with these encryption keys does with tasks, once its runner is started. */
function keymanagerWith(vault: Vault, store: Store) {
  const { roster, events, tasks, spool } = store;
  const work = { roster, store: events, tasks, spool, vault, clock };
  let stopped = false;
  const runner = createTaskRunner({
    store: tasks,
    works: {
      import: createImportWork(work),
      reseal: createResealWork(work),
      restore: otherWork,
      disable: otherWork,
      enable: otherWork,
      delete: otherWork,
      validate: otherWork,
      copy: otherWork,
      undo: otherWork,
      revert: otherWork,
      rebuild: otherWork,
    },
    clock,
    log: createLogger({ service: 'test', level: 'silent', format: 'json' }),
    holder: newId(),
    isClosed: () => Promise.resolve(false),
    mustFinish: () => false,
    changed: () => undefined,
  });
  const stop = async (): Promise<void> => {
    stopped = true;
    await runner.stop();
  };
  stops.unshift(stop);
  const submit = async (count: number, name?: string): Promise<string> => {
    const id = newId();
    const writer = await spool.create(id);
    for (let n = 0; n < count; n += 1) await writer.add(spooledKey(vault, `sk-${name ?? id}-${n}`));
    await writer.commit();
    const { id: poolId } = await roster.pools.open('g');
    const about = { kind: 'import', id, group: 'g', poolId, actor: 'test' } as const;
    await runner.submit({
      ...about,
      input: importInput(vault),
      total: count,
      result: {},
      createdMs: clock.now(),
    });
    return id;
  };
  return {
    runner,
    stop,
    /** Takes an upload in, whose secrets are those of other uploads of that name. */
    submit,
    /** Takes an upload in and waits until it is imported. */
    importKeys: async (count: number, name?: string): Promise<void> => {
      const id = await submit(count, name);
      await expect.poll(async () => (await tasks.find(id))?.state).toBe('done');
    },
    reseal: () => reseal({ tasks, runner, vault, clock, isStopped: () => stopped }, 'test'),
  };
}

const reseals = async ({ tasks }: Store) =>
  (await tasks.page({ state: null, beforeSeq: null, limit: 50 })).tasks.filter(
    ({ kind }) => kind === 'reseal',
  );

it.each([
  ['the old encryption key alone', before],
  ['the new encryption key alone', after],
])('leaves re-encryption to others where there is %s, and does other tasks', async (_, vault) => {
  const store = openStore();
  const old = keymanagerWith(before, store);
  old.runner.start();
  await old.importKeys(600);
  await old.stop();
  const unfit = keymanagerWith(vault, store);
  unfit.runner.start();
  const fit = keymanagerWith(changing, store);
  const ended = fit.reseal();
  await expect.poll(() => reseals(store)).toHaveLength(1);
  // A younger task, so that it has looked at the older one, too.
  await unfit.importKeys(10);
  expect(await reseals(store)).toMatchObject([{ state: 'queued', processed: 0 }]);
  expect(store.sealedBy(before)).toBeGreaterThanOrEqual(1_200);
  fit.runner.start();
  expect(await ended).toMatchObject({ state: 'done' });
  expect(store.sealedBy(before)).toBe(0);
  expect(store.sealedBy(changing)).toBeGreaterThanOrEqual(1_220);
});

it('seals anew what the old key sealed behind the back of a re-encryption under way', async () => {
  const store = openStore();
  const first = keymanagerWith(changing, store);
  void first.reseal();
  await expect.poll(() => reseals(store)).toHaveLength(1);
  const [task] = await reseals(store);
  if (task === undefined) throw new Error('there is no task');
  const signal = new AbortController().signal;
  const { roster, events, tasks } = store;
  const work = { roster, store: events, tasks, vault: changing, clock };
  // All keys, of which there are none yet.
  await createResealWork(work).step(task, signal);
  expect(await reseals(store)).toMatchObject([{ result: { stage: 'events' } }]);
  const second = keymanagerWith(before, store);
  second.runner.start();
  await second.importKeys(10);
  await second.stop();
  const secondAgain = keymanagerWith(changing, store);
  secondAgain.runner.start();
  expect(await secondAgain.reseal()).toMatchObject({ state: 'done', result: { resealed: 10 } });
  expect(store.sealedBy(before)).toBe(0);
});

it('leaves an upload to a keymanager that can open it', async () => {
  const store = openStore();
  const fit = keymanagerWith(changing, store);
  const upload = await fit.submit(10);
  const old = keymanagerWith(before, store);
  old.runner.start();
  // A younger task, so that it has looked at the older one, too.
  await old.importKeys(10);
  expect(await store.tasks.find(upload)).toMatchObject({ state: 'queued', processed: 0 });
  fit.runner.start();
  await expect.poll(async () => (await store.tasks.find(upload))?.state).toBe('done');
  expect(await store.roster.keys.after(0, 100)).toHaveLength(20);
});

it('keeps one of two keys with one secret, of which the old key knew but one', async () => {
  const store = openStore();
  const fit = keymanagerWith(changing, store);
  fit.runner.start();
  await fit.importKeys(10, 'same');
  await fit.stop();
  const old = keymanagerWith(before, store);
  old.runner.start();
  await old.importKeys(20, 'same');
  await old.stop();
  expect(await store.roster.keys.after(0, 100)).toHaveLength(30);
  const fitAgain = keymanagerWith(changing, store);
  fitAgain.runner.start();
  const ended = await fitAgain.reseal();
  expect(ended).toMatchObject({ state: 'done', result: { resealed: 10, duplicates: 10 } });
  const secrets = (await store.roster.keys.after(0, 100)).map(({ state }) =>
    changing.open(state.sealed),
  );
  expect(secrets).toHaveLength(20);
  expect(new Set(secrets).size).toBe(20);
  expect(store.sealedBy(before)).toBe(0);
});

it('waits for uploads that the old key sealed', async () => {
  const store = openStore();
  const old = keymanagerWith(before, store);
  const upload = await old.submit(3_000);
  await old.stop();
  const fit = keymanagerWith(changing, store);
  const ended = fit.reseal();
  await expect.poll(() => reseals(store)).toHaveLength(1);
  fit.runner.start();
  expect(await ended).toMatchObject({ state: 'done' });
  expect(await store.tasks.find(upload)).toMatchObject({ state: 'done', processed: 3_000 });
  expect(store.sealedBy(before)).toBe(0);
});

it('goes back to the old encryption key in the middle of a re-encryption', async () => {
  const store = openStore();
  const old = keymanagerWith(before, store);
  old.runner.start();
  await old.importKeys(600);
  await old.stop();
  const first = keymanagerWith(changing, store);
  void first.reseal();
  await expect.poll(() => reseals(store)).toHaveLength(1);
  const [task] = await reseals(store);
  if (task === undefined) throw new Error('there is no task');
  const { roster, events, tasks } = store;
  const work = { roster, store: events, tasks, vault: changing, clock };
  await createResealWork(work).step(task, new AbortController().signal);
  await first.stop();
  expect(store.sealedBy(changing)).toBeGreaterThan(0);

  const back = keymanagerWith(goingBack, store);
  back.runner.start();
  expect(await back.reseal()).toMatchObject({ state: 'done' });
  expect(store.sealedBy(changing)).toBe(0);
  expect(await store.tasks.find(task.id)).toMatchObject({
    state: 'cancelled',
    error: 'The encryption key was changed again.',
  });
});
