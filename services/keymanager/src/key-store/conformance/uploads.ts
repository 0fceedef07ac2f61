import { newId } from '@keymux/service';
import { expect, it } from 'vitest';
import { type Tested } from './tested.ts';

/** What the keeping of uploads promises. */
export function promisesOfUploads(tested: Tested): void {
  it('keeps uploads until they are imported', async () => {
    const { spool } = tested.on.store;
    const [kept, dropped] = [newId(), newId()];
    const key = (n: number) => ({
      sealed: `sealed-${n}`,
      fingerprint: `f${n}`,
      masked: `m…${n}`,
      ...(n % 2 === 0 ? { previousFingerprint: `p${n}` } : {}),
    });
    const discarded = await spool.create(dropped);
    await discarded.add(key(1));
    await discarded.discard();
    expect(await spool.read(dropped, 0, 10)).toBeUndefined();
    const writer = await spool.create(kept);
    for (let n = 0; n < 1_500; n += 1) await writer.add(key(n));
    await writer.commit();
    const read = [];
    for (let from: number | null = 0; from !== null;) {
      const page = await spool.read(kept, from, 700);
      if (page === undefined) throw new Error('the upload is gone');
      read.push(...page.keys);
      from = page.next;
    }
    expect(read).toEqual(Array.from({ length: 1_500 }, (_, n) => key(n)));
    await spool.sweep(new Set([kept]));
    expect((await spool.read(kept, 0, 1))?.keys).toEqual([key(0)]);
    await spool.remove(kept);
    expect(await spool.read(kept, 0, 1)).toBeUndefined();
  });
}
