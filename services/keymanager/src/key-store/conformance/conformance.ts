import { afterAll, beforeAll, describe } from 'vitest';
import { promisesOfLists } from './lists.ts';
import { promisesOfPools } from './pools.ts';
import { promisesOfRebuilds } from './rebuild.ts';
import { promisesOfTasks } from './tasks.ts';
import { createTested, type TestedStore } from './tested.ts';
import { promisesOfUploads } from './uploads.ts';
import { promisesOfVerdicts } from './verdicts.ts';
import { promisesOfWrites } from './writes.ts';

/** What every key store promises; each adapter runs it. */
export function keyStoreConformance(name: string, make: () => Promise<TestedStore>): void {
  describe(`${name} keeps the promises of a key store`, { timeout: 60_000 }, () => {
    let opened: TestedStore | undefined;
    const tested = createTested(() => {
      if (opened === undefined) throw new Error('the store is not open yet');
      return opened;
    });
    beforeAll(async () => {
      opened = await make();
    }, 120_000);
    afterAll(() => opened?.close());
    promisesOfWrites(tested);
    promisesOfPools(tested);
    promisesOfLists(tested);
    promisesOfTasks(tested);
    promisesOfUploads(tested);
    promisesOfVerdicts(tested);
    promisesOfRebuilds(tested);
  });
}
