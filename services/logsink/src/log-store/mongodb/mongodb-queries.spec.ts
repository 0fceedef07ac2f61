import { startWatchedMongoDb, type WatchedMongoDb } from '@keymux/parts/watched-mongodb';
import { createLogger, newId } from '@keymux/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogFilter } from '../log-filter.ts';
import { dayOf } from '../place.ts';
import { idOf, rowAt, textOf, tried } from '../row.fixture.ts';
import { MongoLogStore } from './mongodb-log-store.ts';

const log = createLogger({ service: 'test', level: 'silent', format: 'json' });
const day = Date.parse('2026-03-01');
const rows = `logs_${dayOf(day)}`;
let mongo: WatchedMongoDb;
let store: MongoLogStore;

/** A few rows that differ in everything, before very many. */
const rare = Array.from({ length: 5 }, (_, n) =>
  rowAt(day + n, {
    group: 'rare',
    model: 'rare-model',
    proxy_key: 'rare-key',
    status: 503,
    at_fault: 'upstream',
    error: 'a needle',
    attempts: [tried('key-rare')],
  }),
);
const many = Array.from({ length: 600 }, (_, n) => rowAt(day + 60_000 + n * 1_000));

beforeAll(async () => {
  mongo = await startWatchedMongoDb(`keymux-test-${newId()}`);
  store = new MongoLogStore({ db: mongo.db, log, searchMs: 60_000 });
  await store.write(textOf([...rare, ...many]));
}, 120_000);
afterAll(async () => {
  await store.close();
  await mongo.close();
});

const searches = Object.entries<LogFilter>({
  'of a group': { group: 'rare' },
  'of a model': { model: 'rare-model' },
  'with a status': { status: { exact: 503 } },
  'with a class of status': { status: { class: 5 } },
  'that upstreams are to blame for': { outcome: 'upstream' },
  'of a client': { proxyKey: 'rare-key' },
  'with a key': { keyId: 'key-rare' },
  'with a key of a group': { keyId: 'key-rare', group: 'rare' },
  'with a text': { text: 'needle' },
  'with a text in a group': { text: 'needle', group: 'rare' },
  'of a time': { fromMs: day, toMs: day + 1_000 },
}).map(([what, filter]) => ({
  what,
  filter,
}));

describe('MongoDB', () => {
  it.each(searches)(
    'finds rows $what by an index; the stand-in does not say so, but has one',
    async ({ filter }) => {
      let found: string[] = [];
      const queries = await mongo.queriesOf(async () => {
        const page = await store.find({ filter, before: null, limit: 10 });
        found = page.rows.map(({ request_id: id }) => id);
      });
      expect(found).toEqual(rare.map(({ request_id: id }) => id).toReversed());
      const ofRows = queries.filter(({ collection }) => collection === rows);
      expect(ofRows).not.toEqual([]);
      for (const query of ofRows) {
        expect([query, await mongo.isIndexed(query)]).toEqual([query, true]);
      }
    },
  );

  it('counts a minute and finds a row by an index, too', async () => {
    const queries = await mongo.queriesOf(async () => {
      expect(await store.get(idOf(day))).toEqual(rare[0]);
      const sums = { fromMs: day, toMs: day + 3_600_000, stepMs: null, by: 'status' } as const;
      expect(await store.sums(sums)).toHaveLength(2);
    });
    const ofRows = queries.filter(({ collection }) => collection === rows);
    expect(ofRows.map(({ command }) => Object.keys(command)[0])).toContain('aggregate');
    for (const query of ofRows) {
      expect([query, await mongo.isIndexed(query)]).toEqual([query, true]);
    }
  });

  it('shows when there is no such index', async () => {
    const command = { find: rows, filter: { duration_ms: 120 } };
    expect(await mongo.isIndexed({ collection: rows, command })).toBe(false);
  });

  it('tells what room the logs take; the stand-in says none', async () => {
    expect((await store.sizeBytes()) > 0).toBe(mongo.real);
  });
});
