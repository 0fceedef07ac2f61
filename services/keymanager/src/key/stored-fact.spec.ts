import { readdirSync, readFileSync } from 'node:fs';
import { keyEventSchemas } from '@keymux/contracts';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { expect, it } from 'vitest';
import type { KeyFact } from './command.ts';
import { evolve } from './evolve.ts';
import { initialState } from './state.ts';
import { readFact, storedFact } from './stored-fact.ts';

const folder = new URL('../golden/', import.meta.url);
const StoredSchema = Type.Object({
  type: Type.String(),
  time: Type.String(),
  data: Type.Record(Type.String(), Type.Unknown()),
});
const golden = readdirSync(folder).map((file) => ({
  file,
  stored: Value.Parse(StoredSchema, JSON.parse(readFileSync(new URL(file, folder), 'utf8'))),
}));

function read(type: string): KeyFact {
  const fact = golden.map(({ stored }) => readFact(stored)).find((each) => each?.type === type);
  if (fact === undefined) throw new Error(`there is no golden ${type}`);
  return fact;
}

it.each(golden)('reads $file as it was written', ({ stored }) => {
  const fact = readFact(stored);
  expect(fact && storedFact(fact)).toEqual(stored);
});

it('has a golden file of every type', () => {
  const types = new Set(golden.map(({ stored }) => stored.type));
  expect([...types].toSorted()).toEqual(Object.keys(keyEventSchemas).toSorted());
});

it.each([
  ['KeyFailed', { status: 'active', streak: 1 }],
  ['KeyBlacklisted', { status: 'blacklisted', streak: 3 }],
  ['KeyCooled', { status: 'active', rests: [{ model: 'gpt-5-mini', until_ms: 1767225720000 }] }],
  ['KeyRestored', { status: 'active', forgiven_ms: 1767225600000 }],
  ['KeyForgiven', { status: 'active', forgiven_ms: 1767225600001 }],
  ['KeyRecovered', { status: 'active', streak: 0 }],
  ['KeyEnabled', { status: 'active' }],
  ['KeyDisabled', { status: 'disabled', blacklisting: null }],
  ['KeyNoted', { note: 'bought in May' }],
  ['KeyChecked', { check: { ok: false, status: 401 } }],
  ['KeyResealed', { sealed: expect.stringContaining('ZyXwVuTs') }],
  ['KeyDeleted', { status: 'deleted' }],
  ['KeyVerdictUndone', { status: 'active', forgiven_ms: 1767225600000 }],
  ['KeyUndoReverted', { status: 'active', forgiven_ms: 0 }],
])('folds the golden %s', (type, expected) => {
  const folded = [read('KeyImported'), read(type)].reduce(evolve, initialState);
  expect(folded).toMatchObject(expected);
});

it('ignores fields of a later version and passes over types it does not know', () => {
  const { stored } = golden.find((each) => each.stored.type === 'KeyFailed') ?? {};
  if (stored === undefined) throw new Error('there is no golden KeyFailed');
  expect(readFact({ ...stored, data: { ...stored.data, later: 1 } })?.type).toBe('KeyFailed');
  expect(readFact({ ...stored, type: 'KeyPainted' })).toBeUndefined();
  expect(readFact({ ...stored, data: {} })).toBeUndefined();
});
