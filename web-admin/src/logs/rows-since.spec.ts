import { expect, it } from 'vitest';
import type { LogRow } from '../api/generated.ts';
import type { Query } from '../api/api.ts';
import { rowsSince } from './rows-since.ts';

const row = (id: number): LogRow => ({ ...({} as LogRow), request_id: String(id) });
const from = '2026-03-01T12:00:00.000Z';

function pages(total: number, at: number) {
  const asked: unknown[] = [];
  return {
    asked,
    ask: async (query: Query<'listLogs'>) => {
      asked.push(query);
      const start = Number(query.cursor ?? 0);
      const end = Math.min(total, start + at);
      const items = Array.from({ length: end - start }, (_, n) => row(start + n));
      return { items, next_cursor: end < total ? String(end) : null };
    },
  };
}

it('goes from page to page until all rows since then are there', async () => {
  const { ask, asked } = pages(7, 3);
  const { rows, isWhole } = await rowsSince(from, { query: { group: 'main' }, most: 100 }, ask);
  expect(isWhole).toBe(true);
  expect(rows.map(({ request_id }) => request_id)).toEqual(['0', '1', '2', '3', '4', '5', '6']);
  expect(asked[0]).toEqual({ group: 'main', from, limit: 500 });
  expect(asked.at(-1)).toEqual({ group: 'main', from, limit: 500, cursor: '6' });
});

it('asks for no more than the filters let through', async () => {
  const { ask, asked } = pages(0, 3);
  const later = '2026-03-01T12:30:00.000Z';
  await rowsSince(from, { query: { from: later }, most: 100 }, ask);
  expect(asked).toEqual([{ from: later, limit: 500 }]);
});

it('ends with the newest when there are too many rows, or a search that never ends', async () => {
  const many = await rowsSince(from, { query: {}, most: 10 }, pages(100, 5).ask);
  expect(many).toMatchObject({ isWhole: false, rows: { length: 10 } });
  const endless = await rowsSince(from, { query: {}, most: 1_000 }, pages(1_000, 1).ask);
  expect(endless).toMatchObject({ isWhole: false, rows: { length: 20 } });
});
