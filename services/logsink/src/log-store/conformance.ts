import type { LogRow } from '@keymux/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentile } from '../rollups/histogram.ts';
import { add, isError, noCounts } from '../rollups/rollup.ts';
import type { LogFilter } from './log-filter.ts';
import type { LogStore } from './log-store.ts';
import { dayMs, dayOf } from './place.ts';
import { idOf, rowAt, textOf, tried } from './row.fixture.ts';
import { matches } from './row-match.ts';

/** A store that a test made, and how to end it. */
export interface StoreUnderTest {
  readonly store: LogStore;
  close(): Promise<void>;
}

const hourMs = 3_600_000;
const day1 = Date.parse('2026-03-01');
const day2 = day1 + dayMs;
const day3 = day2 + dayMs;
const noon = day1 + 12 * hourMs;

const newestFirst = (rows: readonly LogRow[]): string[] =>
  rows.map((row) => row.request_id).toSorted((a, b) => (a < b ? 1 : -1));
const idsOf = (rows: readonly LogRow[]): string[] => rows.map((row) => row.request_id);

async function findAll(store: LogStore, filter: LogFilter = {}, limit = 100): Promise<string[]> {
  const found: string[] = [];
  let before: string | null = null;
  do {
    const page = await store.find({ filter, before, limit });
    expect(page.rows.length).toBeLessThanOrEqual(limit);
    found.push(...idsOf(page.rows));
    before = page.next;
  } while (before !== null);
  return found;
}

/** Requests of three days that differ in everything that can be asked for. */
const manyRows: LogRow[] = Array.from({ length: 240 }, (_, at) => {
  const timeMs = day1 + Math.floor((at * 3 * dayMs) / 240);
  const failed = at % 3 === 0;
  return rowAt(timeMs, {
    request_id: idOf(timeMs, at),
    group: ['main', 'spare', 'other'][at % 3] ?? '',
    aggregate: at % 4 === 0 ? 'all' : null,
    model: at % 5 === 0 ? null : `model-${at % 7}`,
    proxy_key: at % 2 === 0 ? 'global' : 'team',
    status: failed ? ([400, 401, 429, 499, 502][at % 5] ?? 500) : 200,
    at_fault: failed ? ((['client', 'key', 'upstream', 'gateway'] as const)[at % 4] ?? null) : null,
    error: failed ? `Failure number ${at}: 100% “wrong”` : null,
    attempts: at % 6 === 0 ? [tried('key-a'), tried(`key-${at % 9}`)] : [tried(`key-${at % 9}`)],
    user_agent: at % 8 === 0 ? 'curl/8' : 'OpenAI/JS',
    path: at % 10 === 0 ? '/v1/embeddings' : '/v1/chat/completions',
    ttfb_ms: at % 11 === 0 ? null : at,
    duration_ms: at * 3,
  });
});

const filters: LogFilter[] = [
  {},
  { group: 'main' },
  { group: 'all' },
  { model: 'model-3' },
  { status: { exact: 429 } },
  { status: { class: 4 } },
  { outcome: 'ok' },
  { outcome: 'error' },
  { outcome: 'client' },
  { outcome: 'key' },
  { outcome: 'upstream' },
  { outcome: 'gateway' },
  { keyId: 'key-a' },
  { keyId: 'key-4' },
  { proxyKey: 'team' },
  { text: 'EMBEDDINGS' },
  { text: '100% “wrong”' },
  { text: 'number 9' },
  { text: 'curl' },
  { text: 'req_1' },
  { text: '_' },
  { fromMs: noon },
  { toMs: noon },
  { fromMs: noon, toMs: day2 + hourMs },
  { group: 'main', status: { class: 4 } },
  { group: 'all', outcome: 'error', proxyKey: 'global' },
  { keyId: 'key-3', outcome: 'error' },
  { keyId: 'key-a', text: 'failure', group: 'all' },
  { group: 'spare', model: 'model-1', text: 'curl', fromMs: day2 },
  { group: 'nobody' },
  { group: 'main', model: 'no-model' },
  { keyId: 'no-key' },
  { text: 'no text' },
  { fromMs: day3 + dayMs },
];

/** What every log store promises; each adapter runs it. */
export function logStoreConformance(name: string, make: () => Promise<StoreUnderTest>): void {
  const withStore = (work: (store: LogStore) => Promise<void>) => async () => {
    const { store, close } = await make();
    try {
      await work(store);
    } finally {
      await close();
    }
  };

  describe(`${name} keeps the promises of a log store`, { timeout: 180_000 }, () => {
    it(
      'gives a row back as it came',
      withStore(async (store) => {
        const row = rowAt(noon, { error: '“é” 😀', body: '{"a":1}', status: 500 });
        expect(await store.write(textOf([row]))).toEqual({
          written: 1,
          duplicates: 0,
          expired: 0,
          poison: [],
        });
        expect(await store.get(row.request_id)).toEqual(row);
        expect((await store.find({ filter: {}, before: null, limit: 5 })).rows).toEqual([row]);
        expect(await store.get(idOf(noon, 1))).toBeNull();
        expect(await store.get(idOf(day3))).toBeNull();
        expect(await store.get('no id')).toBeNull();
      }),
    );

    it(
      'writes a row once, however often it comes, in one batch or in several',
      withStore(async (store) => {
        const [a, b, c] = [rowAt(noon), rowAt(noon + 1), rowAt(day2)];
        expect(await store.write(textOf([a, a, b]))).toMatchObject({ written: 2, duplicates: 1 });
        expect(await store.write(textOf([c, b, a]))).toMatchObject({ written: 1, duplicates: 2 });
        expect(await findAll(store)).toEqual(newestFirst([a, b, c]));
        const [sum] = await store.sums({ fromMs: day1, toMs: day3, stepMs: null, by: 'none' });
        expect(sum?.requests).toBe(3);
      }),
    );

    it(
      'writes the good rows of a batch and tells which are none',
      withStore(async (store) => {
        const good = [rowAt(noon), rowAt(noon + 1)];
        const poison = [
          '{"cut off',
          JSON.stringify({ ...rowAt(noon), status: 'two hundred' }),
          JSON.stringify(rowAt(noon, { request_id: 'not-an-id' })),
          JSON.stringify(rowAt(noon, { request_id: idOf(2 ** 47) })),
          JSON.stringify(rowAt(noon, { time: 'noon' })),
        ];
        const text = [textOf(good.slice(0, 1)), ...poison, '', textOf(good.slice(1))].join('\n');
        const written = await store.write(text);
        expect(written.written).toBe(2);
        expect(written.poison.map(({ json }) => json)).toEqual(poison);
        expect(written.poison.map(({ reason }) => reason)).toEqual([
          'is not JSON',
          expect.stringContaining('/status'),
          expect.stringContaining('/request_id'),
          expect.stringContaining('/request_id'),
          expect.stringContaining('/time'),
        ]);
        expect(await findAll(store)).toEqual(newestFirst(good));
      }),
    );

    it(
      'keeps apart requests of the same millisecond, in the order of their ids',
      withStore(async (store) => {
        // Apart only where the order of places does not look.
        const twins = ['0', '1', '2'].map((last) =>
          rowAt(noon, { request_id: `${idOf(noon).slice(0, -1)}${last}` }),
        );
        const rows = [...twins, rowAt(noon, { request_id: idOf(noon, 7) })];
        await store.write(textOf(rows));
        expect(await store.write(textOf(rows))).toMatchObject({ written: 0, duplicates: 4 });
        expect(await findAll(store, {}, 1)).toHaveLength(4);
        expect(new Set(await findAll(store, {}, 1))).toEqual(new Set(idsOf(rows)));
        for (const row of rows) expect(await store.get(row.request_id)).toEqual(row);
      }),
    );

    it(
      'finds, with each filter and many together, exactly the rows that fit, newest first',
      withStore(async (store) => {
        const shuffled = manyRows.toSorted(
          (a, b) => ((a.duration_ms * 7919) % 241) - ((b.duration_ms * 7919) % 241),
        );
        for (let at = 0; at < shuffled.length; at += 50) {
          await store.write(textOf(shuffled.slice(at, at + 50)));
        }
        for (const filter of filters) {
          const wanted = newestFirst(manyRows.filter((row) => matches(row, filter)));
          expect([filter, await findAll(store, filter)]).toEqual([filter, wanted]);
          expect([filter, await findAll(store, filter, 30)]).toEqual([filter, wanted]);
        }
      }),
    );

    it(
      'pages on while rows come in, without a gap or a row twice',
      withStore(async (store) => {
        const old = Array.from({ length: 6 }, (_, at) => rowAt(noon + at));
        await store.write(textOf(old));
        const first = await store.find({ filter: {}, before: null, limit: 3 });
        await store.write(textOf([rowAt(noon + 100), rowAt(day2)]));
        const rest = await store.find({ filter: {}, before: first.next, limit: 10 });
        expect([...idsOf(first.rows), ...idsOf(rest.rows)]).toEqual(newestFirst(old));
        expect(rest.next).toBeNull();
      }),
    );

    it(
      'adds up whatever comes in whatever order, however often, to the same as a recount',
      withStore(async (store) => {
        let round = 0;
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.array(fc.nat({ max: manyRows.length - 1 }), { maxLength: 40 }), {
              maxLength: 6,
            }),
            fc.constantFrom('none' as const, 'group' as const, 'model' as const, 'status' as const),
            async (batches, by) => {
              // Rounds are years apart, so that one store serves them all.
              round += 1;
              const shiftMs = round * 400 * dayMs;
              const shifted = manyRows.map((row) => shift(row, shiftMs));
              const came = new Set<LogRow>();
              for (const batch of batches) {
                const rows = batch.flatMap((at) => shifted[at] ?? []);
                for (const row of rows) came.add(row);
                await store.write(textOf(rows));
              }
              const range = { fromMs: day1 + shiftMs, toMs: day1 + shiftMs + 3 * dayMs, by };
              for (const stepMs of [null, 60_000, hourMs, dayMs]) {
                const sums = await store.sums({ ...range, stepMs });
                expect(sorted(sums)).toEqual(sorted(recount([...came], { ...range, stepMs })));
              }
            },
          ),
          { numRuns: 12 },
        );
      }),
    );

    it(
      'adds up part of a day to the minute, and only one group, asked or serving',
      withStore(async (store) => {
        await store.write(textOf(manyRows));
        const range = { fromMs: noon + 7 * 60_000, toMs: day2 + 5 * hourMs + 11 * 60_000 };
        const within = manyRows.filter(({ time }) => {
          const timeMs = Date.parse(time);
          return timeMs >= range.fromMs && timeMs < range.toMs;
        });
        for (const group of ['main', 'all', 'nobody']) {
          const rows = within.filter((row) => row.group === group || row.aggregate === group);
          const [sum] = await store.sums({ ...range, stepMs: null, by: 'group', group });
          expect(sum?.requests ?? 0).toBe(rows.length);
          expect(sum?.errors ?? 0).toBe(rows.filter(isError).length);
          expect(sum?.name).toBe(rows.length === 0 ? undefined : group);
        }
      }),
    );

    it(
      'drops whole days, keeps their hourly and daily sums, and takes no row of them back',
      withStore(async (store) => {
        await store.write(textOf(manyRows));
        const asked = { fromMs: day1, toMs: day3 + dayMs, by: 'group' } as const;
        const before = await store.sums({ ...asked, stepMs: hourMs });
        expect(await store.dropBefore(day2 + hourMs)).toEqual([dayOf(day1)]);
        expect(await findAll(store)).toEqual(
          newestFirst(manyRows.filter(({ time }) => Date.parse(time) >= day2)),
        );
        expect(sorted(await store.sums({ ...asked, stepMs: hourMs }))).toEqual(sorted(before));
        const redelivered = manyRows.slice(0, 10);
        expect(await store.write(textOf(redelivered))).toMatchObject({ written: 0, expired: 10 });
        expect(await store.dropBefore(day2 + hourMs)).toEqual([]);
        expect(sorted(await store.sums({ ...asked, stepMs: hourMs }))).toEqual(sorted(before));
        for (const stepMs of [null, dayMs]) {
          const sums = await store.sums({ ...asked, stepMs });
          expect(sorted(sums)).toEqual(sorted(recount(manyRows, { ...asked, stepMs })));
        }
      }),
    );

    it(
      'tells percentiles within a tenth',
      withStore(async (store) => {
        const rows = Array.from({ length: 200 }, (_, at) =>
          rowAt(noon + at, { duration_ms: 10 * (at + 1), ttfb_ms: at + 1 }),
        );
        await store.write(textOf(rows));
        const [sum] = await store.sums({ fromMs: day1, toMs: day2, stepMs: null, by: 'none' });
        const tell = (share: number) => percentile(sum?.latency ?? {}, share) ?? 0;
        expect(Math.abs(tell(0.5) / 1000 - 1)).toBeLessThan(0.1);
        expect(Math.abs(tell(0.95) / 1900 - 1)).toBeLessThan(0.1);
        expect(Math.abs((percentile(sum?.ttfb ?? {}, 0.95) ?? 0) / 190 - 1)).toBeLessThan(0.1);
      }),
    );
  });
}

function shift(row: LogRow, byMs: number): LogRow {
  const timeMs = Date.parse(row.time) + byMs;
  const time = timeMs.toString(16).padStart(12, '0');
  return {
    ...row,
    time: new Date(timeMs).toISOString(),
    request_id: `${time.slice(0, 8)}-${time.slice(8)}${row.request_id.slice(13)}`,
  };
}

type Summed = Awaited<ReturnType<LogStore['sums']>>;

/** Sums counted from the rows, one by one. */
function recount(
  rows: readonly LogRow[],
  asked: {
    fromMs: number;
    stepMs: number | null;
    by: 'none' | 'group' | 'model' | 'status';
  },
): Summed {
  const sums = new Map<string, Summed[number]>();
  for (const row of rows) {
    const timeMs = Date.parse(row.time);
    const { stepMs, by } = asked;
    const startMs = stepMs === null ? asked.fromMs : Math.floor(timeMs / stepMs) * stepMs;
    const names = {
      none: '',
      group: row.aggregate ?? row.group,
      model: row.model ?? '',
      status: String(row.status),
    };
    const sum = sums.get(`${startMs} ${names[by]}`) ?? {
      startMs,
      name: names[by],
      ...noCounts(),
    };
    const bucket = (ms: number) => ({ [Math.round(Math.log2(ms + 1) * 8)]: 1 });
    add(sum, {
      requests: 1,
      errors: isError(row) ? 1 : 0,
      tokensIn: row.tokens.input ?? 0,
      tokensOut: row.tokens.output ?? 0,
      latency: bucket(row.duration_ms),
      ttfb: row.ttfb_ms === null ? {} : bucket(row.ttfb_ms),
    });
    sums.set(`${startMs} ${names[by]}`, sum);
  }
  return [...sums.values()];
}

function sorted(sums: Summed): Summed {
  return sums.toSorted((a, b) => a.startMs - b.startMs || (a.name < b.name ? -1 : 1));
}
