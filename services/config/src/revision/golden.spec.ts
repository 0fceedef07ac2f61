import { readdirSync, readFileSync } from 'node:fs';
import { configEventSchemas } from '@keymux/contracts';
import { createVault } from '@keymux/vault';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { expect, it } from 'vitest';
import { openText } from '../proxy-key/prepare-secrets.ts';
import { type ConfigState, evolve, inOrder, initialState, sealedOf } from './state.ts';
import { readConfigEvent, toRevision } from './stored-event.ts';

// A history as it was once written: whatever changes in the code, it must be read, folded and opened like this.
const folder = new URL('../golden/', import.meta.url);
const StoredSchema = Type.Object({
  type: Type.String(),
  time: Type.String(),
  actor: Type.String(),
  data: Type.Record(Type.String(), Type.Unknown()),
});
const golden = readdirSync(folder)
  .toSorted()
  .map((file) => ({
    file,
    stored: Value.Parse(StoredSchema, JSON.parse(readFileSync(new URL(file, folder), 'utf8'))),
  }));

function foldUpTo(revision: number): ConfigState {
  return golden
    .slice(0, revision)
    .reduce(
      (state, { stored }) => evolve(state, readConfigEvent(stored.type, stored.data), stored.time),
      initialState,
    );
}

it.each(golden)('reads $file as it was written', ({ stored }) => {
  expect(readConfigEvent(stored.type, stored.data)).toEqual({
    type: stored.type,
    data: stored.data,
  });
});

it('has a golden file of every type', () => {
  const types = new Set(golden.map(({ stored }) => stored.type));
  expect([...types].toSorted()).toEqual(Object.keys(configEventSchemas).toSorted());
});

it('folds the settings', () => {
  expect(foldUpTo(1)).toMatchObject({
    revision: 1,
    settingsRevision: 1,
    settings: { max_retries: 4, proxy_keys: expect.stringMatching(/^v1\./) },
  });
});

it('folds groups with the revision and the times of their changes', () => {
  const main = foldUpTo(4).groups.get('main');
  expect(main).toMatchObject({
    revision: 4,
    createdAt: '2026-01-01T00:00:02.000Z',
    updatedAt: '2026-01-01T00:00:04.000Z',
    group: { enabled: false, config: { max_retries: 2 }, sort: 0 },
  });
});

it('folds an order and a deletion', () => {
  expect(inOrder(foldUpTo(4)).map(({ group }) => group.name)).toEqual(['main', 'all']);
  expect(inOrder(foldUpTo(5)).map(({ group }) => group.name)).toEqual(['all', 'main']);
  expect(inOrder(foldUpTo(6)).map(({ group }) => group.name)).toEqual(['main']);
  expect(foldUpTo(6).revision).toBe(6);
});

it('folds a restore', () => {
  const state = foldUpTo(7);
  expect(inOrder(state).map(({ group }) => group.name)).toEqual(['all', 'main']);
  expect(state).toMatchObject({
    revision: 7,
    settingsRevision: 7,
    settings: { max_retries: 2 },
  });
  expect(state.groups.get('all')).toMatchObject({
    revision: 7,
    createdAt: '2026-01-01T00:00:07.000Z',
  });
  expect(state.groups.get('main')?.revision).toBe(4);
});

it('opens what was sealed then', () => {
  const vault = createVault('the encryption key of golden events');
  const { settings, groups } = foldUpTo(3);
  expect(openText(vault, String(settings['proxy_keys']))).toBe('sk-keymux-golden-of-the-system');
  const main = groups.get('main')?.group;
  expect(main && sealedOf(main).map((sealed) => vault.open(sealed))).toEqual([
    'pk-golden-of-the-group-0001',
    'http://proxy-user:proxy-password@proxy.example:3128',
  ]);
});

it('lists each event as a revision', () => {
  const revisions = golden.map(({ stored }, at) =>
    toRevision({ ...stored, id: `e${at}`, stream: 'config', version: at + 1, position: at + 1 }),
  );
  expect(revisions.map(({ subject }) => subject)).toEqual([
    'settings',
    'main',
    'all',
    'main',
    'order',
    'all',
    'revision 5',
  ]);
  expect(revisions[3]?.diff).toContainEqual({ field: 'enabled', before: true, after: false });
});

it('drops fields of a later version, and refuses types it does not know', () => {
  const created = golden.find(({ stored }) => stored.type === 'GroupCreated')?.stored;
  const group = Value.Parse(Type.Record(Type.String(), Type.Unknown()), created?.data['group']);
  const later = {
    ...created?.data,
    later: 1,
    group: { ...group, upstreams: [{ url: 'https://a.example', weight: 1, region: 'eu' }] },
  };
  expect(readConfigEvent('GroupCreated', later)).toMatchObject({
    data: { group: { upstreams: [{ url: 'https://a.example', weight: 1 }] } },
  });
  expect(() => readConfigEvent('GroupPainted', {})).toThrow('unknown type GroupPainted');
  expect(() => readConfigEvent('GroupDeleted', { revision: 1 })).toThrow();
});
