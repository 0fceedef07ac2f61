import { describe, expect, it } from 'vitest';
import type { PoolSnapshot, PoolSnapshots } from './pool-snapshots.ts';

/** Snapshots in an empty store. */
export interface PoolSnapshotsUnderTest {
  readonly snapshots: PoolSnapshots;
  close(): Promise<void>;
}

const snapshot = (group: string, position: number, throughMs: number): PoolSnapshot => ({
  group,
  position,
  throughMs,
});
const part = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

/** What every keeper of snapshots of pools promises; each adapter runs it. */
export function poolSnapshotsConformance(
  name: string,
  make: () => Promise<PoolSnapshotsUnderTest>,
): void {
  describe(`${name} give back`, { timeout: 60_000 }, () => {
    it('the newest of a group up to a moment, that moment included, with its parts in order', async () => {
      const { snapshots, close } = await make();
      const partsOf = async (of: PoolSnapshot): Promise<number[][]> => {
        const found: number[][] = [];
        for await (const each of snapshots.parts(of)) found.push([...each]);
        return found;
      };
      try {
        const [first, second] = [snapshot('a', 10, 1_000), snapshot('a', 20, 2_000)];
        await snapshots.put(second, [part(2)]);
        await snapshots.put(first, [part(1, 2), part(3), part(0, 255)]);
        await snapshots.put(snapshot('b', 15, 1_500), [part(9)]);
        expect(await snapshots.latest('a', 999)).toBeUndefined();
        expect(await snapshots.latest('a', 1_000)).toEqual(first);
        expect(await snapshots.latest('a', 1_999)).toEqual(first);
        expect(await snapshots.latest('a', 9_999)).toEqual(second);
        expect(await snapshots.latest('c', 9_999)).toBeUndefined();
        expect(await partsOf(first)).toEqual([[1, 2], [3], [0, 255]]);
        await snapshots.put(first, [part(7)]);
        expect(await partsOf(first)).toEqual([[7]]);
        expect(await snapshots.positions('a')).toEqual([10, 20]);
        await snapshots.remove('a', 20);
        expect(await snapshots.positions('a')).toEqual([10]);
        expect(await snapshots.latest('a', 9_999)).toEqual(first);
        expect(await partsOf(second)).toEqual([]);
        expect(await snapshots.positions('b')).toEqual([15]);
        await snapshots.clear();
        expect(await snapshots.latest('a', 9_999)).toBeUndefined();
        expect(await partsOf(first)).toEqual([]);
      } finally {
        await close();
      }
    });
  });
}
