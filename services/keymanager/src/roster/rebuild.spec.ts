import { expect, it } from 'vitest';
import { decide } from '../key/decide.ts';
import { initialState } from '../key/state.ts';
import { storedFact, streamOfKey } from '../key/stored-fact.ts';
import { type Placed, rebuildRoster, type RebuiltThrough, type RosterPlaces } from './rebuild.ts';

const group = 'g';
const nowMs = Date.parse('2026-01-01T00:00:00Z');
// More than a page.
const count = 600;
const events = Array.from({ length: count }, (_, at) => {
  const [sealed, fingerprint, masked] = ['sealed', `print-${at}`, 'sk-…'];
  const fact = decide(initialState, {
    kind: 'import',
    group,
    sealed,
    fingerprint,
    masked,
    taskId: null,
    nowMs,
  })[0];
  if (fact === undefined) throw new Error('nothing was imported');
  const stream = streamOfKey(`k${at}`);
  return { ...storedFact(fact), id: `e${at}`, actor: 'a', position: at + 1, stream, version: 1 };
});
const store = {
  readAll: (after: number, limit: number) => Promise.resolve(events.slice(after, after + limit)),
};

/** A roster that has every key otherwise, until it is put right. */
function wrongPlaces() {
  const right = new Set<string>();
  let inTheWay = 'k0';
  const places: RosterPlaces = {
    nthPool: () => Promise.resolve(1),
    foldOn: () => Promise.resolve(),
    renewVerdicts: () => Promise.resolve(),
    sweep: () => Promise.resolve({ removed: [], next: null }),
    put: (keys) =>
      Promise.resolve(
        keys.map((key): Placed => {
          if (key.id === inTheWay) return { kind: 'behind', version: null };
          if (right.has(key.id)) return { kind: 'same' };
          right.add(key.id);
          return { kind: 'replaced', changed: { ...key, before: undefined } };
        }),
      ),
  };
  return { places, clear: () => void (inTheWay = '') };
}

it('counts every key that it put right, also when another one goes on where it ended', async () => {
  const { places, clear } = wrongPlaces();
  const ending = new AbortController();
  let through: RebuiltThrough | undefined;
  const first = await rebuildRoster(store, places, {
    signal: ending.signal,
    progress: (soFar) => {
      through = soFar;
      ending.abort();
      return Promise.resolve();
    },
  });
  expect(first).toBeUndefined();
  expect(through).toMatchObject({ position: 0, keys: { events: 0, keys: 0, replaced: 499 } });
  clear();
  const second = await rebuildRoster(store, places, through === undefined ? {} : { from: through });
  expect(second).toEqual({
    events: count,
    keys: count,
    replaced: count,
    added: 0,
    removed: 0,
    unplaced: 0,
  });
});
