import { describe, expect, it } from 'vitest';
import type { KeySnapshot, KeySnapshots } from './key-snapshots.ts';

/** Snapshots in an empty store. */
export interface SnapshotsUnderTest {
  readonly snapshots: KeySnapshots;
  close(): Promise<void>;
}

const snapshot = (id: string, version: number, throughMs: number, text = `v${version}`) =>
  ({ id, version, throughMs, text }) satisfies KeySnapshot;

/** What every keeper of snapshots promises; each adapter runs it. */
export function keySnapshotsConformance(
  name: string,
  make: () => Promise<SnapshotsUnderTest>,
): void {
  const withSnapshots = (work: (snapshots: KeySnapshots) => Promise<void>) => async () => {
    const under = await make();
    try {
      await work(under.snapshots);
    } finally {
      await under.close();
    }
  };

  describe(`${name} give back`, { timeout: 60_000 }, () => {
    it(
      'the newest of a key up to a moment, that moment included',
      withSnapshots(async (snapshots) => {
        const [first, second, third] = [
          snapshot('a', 500, 1_000),
          snapshot('a', 1_000, 2_000),
          snapshot('a', 10_000, 2_000),
        ];
        await snapshots.put([second, first]);
        await snapshots.put([third, snapshot('b', 500, 1_500)]);
        expect(await snapshots.latest('a', 999)).toBeUndefined();
        expect(await snapshots.latest('a', 1_000)).toEqual(first);
        expect(await snapshots.latest('a', 1_999)).toEqual(first);
        expect(await snapshots.latest('a', 9_999)).toEqual(third);
        expect(await snapshots.latest('c', 9_999)).toBeUndefined();
      }),
    );

    it(
      'the last that was put of one version',
      withSnapshots(async (snapshots) => {
        await snapshots.put([]);
        await snapshots.put([snapshot('a', 500, 1_000)]);
        await snapshots.put([snapshot('a', 500, 1_000, 'other')]);
        expect(await snapshots.latest('a', 1_000)).toMatchObject({ text: 'other' });
        await snapshots.clear();
        expect(await snapshots.latest('a', 1_000)).toBeUndefined();
      }),
    );
  });
}
