import type { LogRow } from '@keymux/contracts';
import { openMongo } from '@keymux/mongodb';
import { startMongoDb } from '@keymux/parts/mongodb';
import { createLogger, newId } from '@keymux/service';
import type { Db } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logStoreConformance } from '../conformance.ts';
import { dayMs, dayOf } from '../place.ts';
import { idOf, rowAt, textOf } from '../row.fixture.ts';
import { MongoLogStore } from './mongodb-log-store.ts';

const log = createLogger({ service: 'test', level: 'silent', format: 'json' });
/** The server for tests is slow, and searches are not what is looked at. */
const searchMs = 60_000;
let url = '';
let stop: () => Promise<void> = () => Promise.resolve();
beforeAll(async () => {
  const { part } = await startMongoDb();
  ({ url } = part);
  stop = () => part.stop();
}, 120_000);
afterAll(() => stop());

async function openDb(): Promise<{ db: Db; close: () => Promise<void> }> {
  const mongo = await openMongo({ url, log });
  const db = mongo.db.client.db(`keymux-test-${newId()}`);
  return {
    db,
    close: async () => {
      await db.dropDatabase();
      await mongo.close();
    },
  };
}

logStoreConformance('the MongoDB log store', async () => {
  const { db, close } = await openDb();
  const store = new MongoLogStore({ db, log, searchMs });
  await store.open();
  return {
    store,
    close: async () => {
      await store.close();
      await close();
    },
  };
});

/** A database whose user dies: after so many operations each one fails, before it does anything. */
function dying(db: Db, operations: number): { db: Db; died: () => boolean } {
  let left = operations;
  const counted = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(of, name) {
        const value: unknown = Reflect.get(of, name, of);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]) => {
          if (name === 'collection') return counted(Reflect.apply(value, of, given));
          left -= 1;
          if (left < 0) throw new Error('killed');
          return Reflect.apply(value, of, given);
        };
      },
    });
  return { db: counted(db), died: () => left < 0 };
}

const day1 = Date.parse('2026-03-01');
const asked = { fromMs: day1, toMs: day1 + 2 * dayMs, by: 'status' } as const;

/** Requests of every span, counted at each: by status and start. */
async function countsOf(store: MongoLogStore): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const stepMs of [60_000, 900_000, 3_600_000, dayMs]) {
    for (const sum of await store.sums({ ...asked, stepMs })) {
      counts[`${stepMs} ${sum.startMs} ${sum.name}`] = sum.requests;
    }
  }
  return counts;
}

function recount(rows: readonly LogRow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const stepMs of [60_000, 900_000, 3_600_000, dayMs]) {
    for (const row of rows) {
      const startMs = Math.floor(Date.parse(row.time) / stepMs) * stepMs;
      const name = `${stepMs} ${startMs} ${row.status}`;
      counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  return counts;
}

const early = [rowAt(day1 + 1), rowAt(day1 + 2, { status: 500 })];
const late = [rowAt(day1 + 3), rowAt(day1 + 3_700_000), rowAt(day1 + dayMs, { status: 429 })];

describe('a logsink that is killed', { timeout: 400_000 }, () => {
  it('at any operation of a batch and its rollups counts nothing twice and loses nothing', async () => {
    let died = true;
    for (let operations = 1; died; operations += operations < 8 ? 1 : 2) {
      const { db, close } = await openDb();
      const healthy = new MongoLogStore({ db, log, searchMs });
      await healthy.write(textOf(early));
      await healthy.sums({ ...asked, stepMs: null });
      const killed = dying(db, operations);
      const victim = new MongoLogStore({ db: killed.db, log, searchMs });
      await victim
        .write(textOf([...late, ...early]))
        .then(() => victim.sums({ ...asked, stepMs: null }))
        .catch((error: unknown) => expect(error).toHaveProperty('message', 'killed'));
      ({ died } = { died: killed.died() });
      // What was not acknowledged is delivered again, to another one.
      await healthy.write(textOf([...late, ...early]));
      expect([operations, await countsOf(healthy)]).toEqual([
        operations,
        recount([...early, ...late]),
      ]);
      await close();
    }
  });

  it('at any operation of a drop leaves sums that are whole, and the next one drops the rest', async () => {
    let died = true;
    for (let operations = 1; died; operations += operations < 8 ? 1 : 2) {
      const { db, close } = await openDb();
      const healthy = new MongoLogStore({ db, log, searchMs });
      await healthy.write(textOf([...early, ...late]));
      const killed = dying(db, operations);
      const victim = new MongoLogStore({ db: killed.db, log, searchMs });
      await victim
        .dropBefore(day1 + dayMs)
        .catch((error: unknown) => expect(error).toHaveProperty('message', 'killed'));
      ({ died } = { died: killed.died() });
      await healthy.dropBefore(day1 + dayMs);
      expect((await healthy.find({ filter: {}, before: null, limit: 9 })).rows).toEqual(
        late.slice(-1),
      );
      expect(await healthy.write(textOf(early))).toMatchObject({ written: 0, expired: 2 });
      const sums = await healthy.sums({ ...asked, stepMs: 3_600_000 });
      const hours = Object.entries(recount([...early, ...late])).filter(([name]) =>
        name.startsWith('3600000 '),
      );
      expect([
        operations,
        Object.fromEntries(sums.map((sum) => [`3600000 ${sum.startMs} ${sum.name}`, sum.requests])),
      ]).toEqual([operations, Object.fromEntries(hours)]);
      const left = await db.listCollections({}, { nameOnly: true }).toArray();
      expect(left.filter(({ name }) => name.endsWith(dayOf(day1)))).toEqual([]);
      await close();
    }
  });
});

it(
  'lets several logsinks write the same rows and count them at once',
  { timeout: 400_000 },
  async () => {
    const { db, close } = await openDb();
    const stores = Array.from({ length: 3 }, () => new MongoLogStore({ db, log, searchMs }));
    const rows = Array.from({ length: 150 }, (_, at) => {
      const timeMs = day1 + at * 7_000;
      return rowAt(timeMs, { request_id: idOf(timeMs, at), status: at % 5 === 0 ? 500 : 200 });
    });
    const results = await Promise.all(
      Array.from({ length: 18 }, async (_, nth) => {
        const store = stores[nth % 3] ?? stores[0];
        const from = (nth * 37) % 130;
        const result = await store?.write(textOf(rows.slice(from, from + 60)));
        await store?.sums({ ...asked, stepMs: null });
        return result?.written ?? 0;
      }),
    );
    await stores[0]?.write(textOf(rows));
    const [first, second] = stores;
    if (first === undefined || second === undefined) throw new Error('no stores');
    const left = await first.find({ filter: {}, before: null, limit: 200 });
    expect(left.rows).toHaveLength(150);
    expect(results.reduce((sum, written) => sum + written, 0)).toBeLessThanOrEqual(150);
    expect(await countsOf(second)).toEqual(recount(rows));
    await close();
  },
);

it('writes the rest of a batch when the database can never take one of its rows', async () => {
  const { db, close } = await openDb();
  const store = new MongoLogStore({ db, log, searchMs });
  const bad = JSON.stringify({ ...rowAt(day1 + 1), ['a\u0000b']: 1 });
  const good = [rowAt(day1), rowAt(day1 + 2)];
  const text = [textOf(good.slice(0, 1)), bad, textOf(good.slice(1))].join('\n');
  for (const written of [2, 0]) {
    expect(await store.write(text)).toMatchObject({ written, poison: [{ json: bad }] });
  }
  expect(await countsOf(store)).toEqual(recount(good));
  await close();
});

it('answers a search that takes too long with where to go on', { timeout: 60_000 }, async () => {
  const { db, close } = await openDb();
  const store = new MongoLogStore({ db, log, searchMs: 0 });
  const rows = Array.from({ length: 8 }, (_, at) => rowAt(day1 + at * 6 * 3_600_000));
  await store.write(textOf(rows));
  const found: LogRow[] = [];
  let pages = 0;
  let before: string | null = null;
  do {
    const page = await store.find({ filter: { group: 'main' }, before, limit: 50 });
    found.push(...page.rows);
    before = page.next;
    pages += 1;
  } while (before !== null);
  expect(found).toEqual(rows.toReversed());
  expect(pages).toBe(2);
  await close();
});

it('keeps every acknowledged row over a kill of the database', { timeout: 400_000 }, async () => {
  const { part } = await startMongoDb({ durable: true });
  const mongo = await openMongo({ url: `${part.url}?serverSelectionTimeoutMS=300`, log });
  const store = new MongoLogStore({ db: mongo.db, log, searchMs });
  const rows = Array.from({ length: 60 }, (_, at) => rowAt(day1 + at * 20_000));
  const until = async (text: string): Promise<void> => {
    for (;;) {
      try {
        await store.write(text);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  };
  const writing = Promise.all(
    Array.from({ length: 12 }, (_, nth) => until(textOf(rows.slice(nth * 5, nth * 5 + 5)))),
  );
  await part.kill('SIGKILL');
  await part.restart();
  await writing;
  expect((await store.find({ filter: {}, before: null, limit: 100 })).rows).toHaveLength(60);
  expect(await countsOf(store)).toEqual(recount(rows));
  await mongo.close();
  await part.stop();
});
