import { createSqliteEventStore } from '@keymux/event-store';
import { afterAll, expect, it } from 'vitest';
import { openMigrated } from '../roster/sqlite/memory-roster.fixture.ts';
import { readKeyHistory } from './key-history.ts';
import { counted, lifeOf } from './long-life.fixture.ts';

const db = openMigrated();
const events = createSqliteEventStore(db);
afterAll(() => db.close());

/** The versions of a history, page by page. */
async function pages(id: string, limit: number): Promise<number[]> {
  const versions: number[] = [];
  for (let beforeVersion: number | null = null; ;) {
    const page = await readKeyHistory(events, { id, beforeVersion, limit });
    versions.push(...(page?.items ?? []).map(({ version }) => version));
    expect(page?.total).toBe(versions[0]);
    if (page === undefined || page.next === null) return versions;
    beforeVersion = page.next;
  }
}

it.each([1, 2, 100, 499, 500, 501, 999, 1_000, 1_001, 2_345])(
  'a history of %d events is told newest first, page by page',
  async (many) => {
    const id = `k${many}`;
    await events.append([lifeOf(id, many)]);
    const all = Array.from({ length: many }, (_, n) => many - n);
    expect(await pages(id, 137)).toEqual(all);
    expect(await pages(id, 500)).toEqual(all);
  },
);

it('of a long life little more is read than is told', async () => {
  await events.append([lifeOf('long', 20_000)]);
  const { store, read } = counted(events);
  const page = await readKeyHistory(store, { id: 'long', beforeVersion: null, limit: 100 });
  expect(page).toMatchObject({ total: 20_000, next: 19_901 });
  expect(read()).toBeLessThan(102);
});

it('there is no history of what never was a key', async () => {
  const request = { id: 'nobody', beforeVersion: null, limit: 10 };
  expect(await readKeyHistory(events, request)).toBeUndefined();
});
