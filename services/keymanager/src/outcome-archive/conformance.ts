import type { KeyOutcome } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import type { ArchivePlace, HeardOutcomes, OutcomeArchive } from './outcome-archive.ts';

/** An archive, and how a batch comes into it. */
export interface ArchiveUnderTest {
  readonly archive: OutcomeArchive;
  put(heard: HeardOutcomes): Promise<void>;
  close(): Promise<void>;
}

const startMs = Date.parse('2026-01-01T00:00:00Z');
const at = (ms: number): string => new Date(startMs + ms).toISOString();

const success = (key_id: string, ms: number): KeyOutcome => ({
  kind: 'success',
  key_id,
  at: at(ms),
  count: 3,
  request_id: `r-${key_id}`,
});

const heard = (group: string, ms: number, outcomes: readonly KeyOutcome[]): HeardOutcomes => ({
  group,
  producer: 'p',
  heardMs: startMs + ms,
  threshold: 3,
  outcomes,
  versions: outcomes.map((_, n) => n + 1),
});

/** What every archive of outcomes promises; each adapter runs it. */
export function outcomeArchiveConformance(
  name: string,
  make: () => Promise<ArchiveUnderTest>,
): void {
  const withArchive = (work: (under: ArchiveUnderTest) => Promise<void>) => async () => {
    const under = await make();
    try {
      await work(under);
    } finally {
      await under.close();
    }
  };

  async function all(archive: OutcomeArchive, group: string, limit: number): Promise<number[]> {
    const found: number[] = [];
    const span = { fromMs: startMs, toMs: startMs + 1_000_000 };
    for (let after: ArchivePlace | null = null; ;) {
      const page = await archive.page({ group, ...span, after, limit });
      found.push(...page.batches.map(({ heardMs }) => heardMs - startMs));
      if (page.next === null) return found;
      after = page.next;
    }
  }

  describe(`${name} keeps outcomes`, () => {
    it(
      'as they were heard',
      withArchive(async ({ archive, put }) => {
        const failure: KeyOutcome = {
          kind: 'failure',
          key_id: 'k',
          at: at(5),
          verdict: 'count',
          rule: 'unauthorized',
          status: 401,
          message: '“no”',
          upstream: 'https://u',
          model: null,
          until: null,
          request_id: 'r',
        };
        const batch = heard('g', 10, [success('a', 1), failure, success('b', 9)]);
        await put(batch);
        const span = { fromMs: startMs, toMs: startMs + 100 };
        const page = await archive.page({ group: 'g', ...span, after: null, limit: 10 });
        expect(page).toEqual({ batches: [batch], next: null });
      }),
    );

    it(
      'by group and time, in pages, in the order they were heard',
      withArchive(async ({ archive, put }) => {
        for (const ms of [5, 5, 1, 9]) await put(heard('g', ms, [success('a', 0)]));
        await put(heard('other', 5, [success('a', 0)]));
        expect(await all(archive, 'g', 1)).toEqual([1, 5, 5, 9]);
        expect(await all(archive, 'g', 3)).toEqual([1, 5, 5, 9]);
        const span = { fromMs: startMs + 5, toMs: startMs + 9 };
        const page = await archive.page({ group: 'g', ...span, after: null, limit: 10 });
        expect(page.batches.map(({ heardMs }) => heardMs - startMs)).toEqual([5, 5]);
      }),
    );

    it(
      'that another archive brings, in its order, however often',
      withArchive(async ({ archive }) => {
        const batches = [1, 5, 5, 9].map((ms, n) =>
          heard(n % 2 === 0 ? 'g' : 'h', ms, [success(`k${n}`, 0)]),
        );
        for (const count of [2, 4, 4]) {
          for (const [n, batch] of batches.slice(0, count).entries()) await archive.bring(n, batch);
        }
        const span = { group: null, fromMs: startMs, toMs: startMs + 10, limit: 3 };
        const first = await archive.page({ ...span, after: null });
        const second = await archive.page({ ...span, after: first.next });
        expect([...first.batches, ...second.batches]).toEqual(batches);
        expect(await all(archive, 'h', 10)).toEqual([5, 9]);
      }),
    );

    it(
      'no longer than it shall',
      withArchive(async ({ archive, put }) => {
        for (const ms of [1, 2, 3]) await put(heard('g', ms, [success('a', 0)]));
        while (await archive.dropBefore(startMs + 3));
        expect(await all(archive, 'g', 10)).toEqual([3]);
      }),
    );
  });
}
