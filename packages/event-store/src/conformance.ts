import { describe, expect, it } from 'vitest';
import type { EventStore, NewEvent } from './event-store.ts';
import { readNewestFirst } from './newest-first.ts';

/** An event for tests. */
export const testEvent = (id: string, data: Record<string, unknown> = {}): NewEvent => ({
  id,
  type: 'Tested',
  time: new Date(0).toISOString(),
  actor: 'test',
  data,
});

const append = (stream: string, expectedVersion: number, ...ids: string[]) => ({
  stream,
  expectedVersion,
  events: ids.map((id) => testEvent(id)),
});

/** An empty store, which its owner closes. */
export interface StoreUnderTest {
  readonly store: EventStore;
  close(): Promise<void>;
}

/** What every event store promises; each adapter runs it. */
export function eventStoreConformance(name: string, make: () => Promise<StoreUnderTest>): void {
  const withStore = (work: (store: EventStore) => Promise<void>) => async () => {
    const { store, close } = await make();
    try {
      await work(store);
    } finally {
      await close();
    }
  };

  describe(`${name} keeps the promises of an event store`, () => {
    it(
      'gives back what was appended, in order, with versions from 1',
      withStore(async (store) => {
        await store.append([append('a', 0, 'e1', 'e2')]);
        await store.append([append('a', 2, 'e3')]);
        const events = await store.read('a');
        expect(events.map(({ id, version }) => [id, version])).toEqual([
          ['e1', 1],
          ['e2', 2],
          ['e3', 3],
        ]);
        expect((await store.read('a', { from: 3 })).map(({ id }) => id)).toEqual(['e3']);
        expect((await store.read('a', { from: 2, limit: 1 })).map(({ id }) => id)).toEqual(['e2']);
        expect((await store.read('a', { limit: 2 })).map(({ id }) => id)).toEqual(['e1', 'e2']);
        expect(await store.read('a', { from: 4 })).toEqual([]);
        expect(await store.read('nothing')).toEqual([]);
      }),
    );

    it(
      'gives back the events of some types only, in pages',
      withStore(async (store) => {
        const of = (type: string, ...ids: string[]) =>
          ids.map((id) => ({ ...testEvent(id), type }));
        await store.append([
          { stream: 'a', expectedVersion: 0, events: [...of('Rare', 'e1'), ...of('Tested', 'e2')] },
          { stream: 'b', expectedVersion: 0, events: of('Rare', 'f1') },
        ]);
        await store.append([append('a', 2, 'e3')]);
        await store.append([{ stream: 'a', expectedVersion: 3, events: of('Odd', 'e4', 'e5') }]);
        const types = ['Rare', 'Odd'];
        const read = async (part: { from?: number; limit?: number }) =>
          (await store.read('a', { ...part, types })).map(({ id }) => id);
        expect(await read({})).toEqual(['e1', 'e4', 'e5']);
        expect(await read({ limit: 2 })).toEqual(['e1', 'e4']);
        expect(await read({ from: 2, limit: 1 })).toEqual(['e4']);
        expect(await read({ from: 5 })).toEqual(['e5']);
        expect(await read({ from: 6 })).toEqual([]);
        expect(await store.read('a', { types: [] })).toEqual([]);
      }),
    );

    it(
      'gives back the last event of a stream, whatever other streams were appended after it',
      withStore(async (store) => {
        expect(await store.newest('a')).toBeUndefined();
        await store.append([append('a', 0, 'e1', 'e2'), append('b', 0, 'f1')]);
        expect(await store.newest('a')).toEqual((await store.read('a')).at(-1));
        await store.append([append('b', 1, 'f2'), append('a', 2, 'e3')]);
        await store.append([append('c', 0, 'g1')]);
        expect(await store.newest('a')).toMatchObject({ id: 'e3', version: 3 });
        expect(await store.newest('b')).toMatchObject({ id: 'f2', version: 2 });
        expect(await store.newest('nothing')).toBeUndefined();
      }),
    );

    it(
      'gives back a stream from its end on, page by page',
      withStore(async (store) => {
        const page = async (before: number | null, limit: number) => {
          const { events, ...rest } = await readNewestFirst(store, 'a', { before, limit });
          return { ids: events.map(({ id }) => id), ...rest };
        };
        expect(await page(null, 2)).toEqual({ ids: [], next: null, total: 0 });
        await store.append([append('a', 0, 'e1', 'e2', 'e3')]);
        expect(await page(null, 2)).toEqual({ ids: ['e3', 'e2'], next: 2, total: 3 });
        expect(await page(2, 2)).toEqual({ ids: ['e1'], next: null, total: 3 });
        expect(await page(null, 3)).toEqual({ ids: ['e3', 'e2', 'e1'], next: null, total: 3 });
        expect(await page(9, 1)).toEqual({ ids: ['e3'], next: 3, total: 3 });
        expect(await page(1, 5)).toEqual({ ids: [], next: null, total: 3 });
      }),
    );

    it(
      'keeps every field of an event',
      withStore(async (store) => {
        const event = { ...testEvent('e', { n: 1, deep: { text: '“é”' } }), actor: 'ann' };
        await store.append([{ stream: 's', expectedVersion: 0, events: [event] }]);
        expect(await store.read('s')).toMatchObject([{ ...event, stream: 's', version: 1 }]);
      }),
    );

    it(
      'answers a wrong version with a conflict and keeps nothing of the batch',
      withStore(async (store) => {
        await store.append([append('a', 0, 'e1')]);
        const result = await store.append([append('b', 0, 'e2'), append('a', 0, 'e3')]);
        expect(result).toEqual({ kind: 'conflict', stream: 'a' });
        expect(await store.read('b')).toEqual([]);
      }),
    );

    it(
      'answers an id that it has with a duplicate and keeps nothing of the batch',
      withStore(async (store) => {
        await store.append([append('a', 0, 'e1')]);
        const result = await store.append([append('b', 0, 'e2'), append('c', 0, 'e1')]);
        expect(result).toEqual({ kind: 'duplicate', stream: 'c', id: 'e1' });
        expect(await store.read('b')).toEqual([]);
      }),
    );

    it(
      'reads all streams by growing position, in pages',
      withStore(async (store) => {
        await store.append([append('a', 0, 'e1'), append('b', 0, 'e2')]);
        const last = await store.append([append('a', 1, 'e3')]);
        const first = await store.readAll(0, 2);
        expect(first.map(({ id }) => id)).toEqual(['e1', 'e2']);
        const rest = await store.readAll(first.at(-1)?.position ?? 0, 10);
        expect(rest.map(({ id }) => id)).toEqual(['e3']);
        expect(last).toEqual({ kind: 'appended', position: rest[0]?.position });
      }),
    );

    it(
      'reads only what happened by a time, also what was kept after something later',
      withStore(async (store) => {
        const at = (id: string, second: number) => {
          return { ...testEvent(id), time: `2026-01-01T00:00:0${second}.000Z` };
        };
        await store.append([{ stream: 'a', expectedVersion: 0, events: [at('1', 1), at('5', 5)] }]);
        await store.append([{ stream: 'b', expectedVersion: 0, events: [at('9', 9)] }]);
        await store.append([{ stream: 'c', expectedVersion: 0, events: [at('3', 3), at('4', 4)] }]);
        const idsBy = async (second: number, after = 0, limit = 9) =>
          (await store.readAll(after, limit, at('', second).time)).map(({ id }) => id);
        expect(await idsBy(0)).toEqual([]);
        expect(await idsBy(3)).toEqual(['1', '3']);
        expect(await idsBy(5)).toEqual(['1', '5', '3', '4']);
        expect(await idsBy(5, 1, 2)).toEqual(['5', '3']);
      }),
    );

    it(
      'rewrites the data of events and nothing else of them',
      withStore(async (store) => {
        await store.append([append('a', 0, 'e1', 'e2'), append('b', 0, 'e3')]);
        const [first, second, third] = await store.readAll(0, 3);
        await store.rewrite([
          { position: first?.position ?? 0, data: { n: 1 } },
          { position: third?.position ?? 0, data: { deep: { text: 'é' } } },
          { position: 1_000_000, data: { n: 3 } },
        ]);
        expect(await store.readAll(0, 10)).toEqual([
          { ...first, data: { n: 1 } },
          second,
          { ...third, data: { deep: { text: 'é' } } },
        ]);
      }),
    );

    it(
      'lets one of several writers of the same version win, and tells the others',
      withStore(async (store) => {
        const ids = ['e1', 'e2', 'e3'];
        const appended = await Promise.all(ids.map((id) => store.append([append('a', 0, id)])));
        expect(appended.map(({ kind }) => kind).toSorted()).toEqual([
          'appended',
          'conflict',
          'conflict',
        ]);
        const winner = ids[appended.findIndex(({ kind }) => kind === 'appended')];
        expect((await store.read('a')).map(({ id, version }) => [id, version])).toEqual([
          [winner, 1],
        ]);
      }),
    );
  });
}
