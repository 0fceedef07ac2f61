import type { Vault } from '@keymux/vault';
import type { KeyStore } from '../key-store/key-store.ts';
import {
  type HouseEnd,
  HouseProblem,
  type HouseLine,
  houseFormat,
  houseVersion,
  newDigest,
} from './house-line.ts';
import { packOutcomes } from '../outcome-archive/packed-outcomes.ts';
import { keyDigest } from './key-digest.ts';

const pageEvents = 1_000;
const pageKeys = 1_000;
const pageBatches = 100;
const everything = { group: null, fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };

/** What an encryption key makes of a text that is no secret. */
export const sealMark = (vault: Vault): string => vault.fingerprint('the house of keymux');

/**
 * Writes all that config and keymanager keep, as lines: secrets as they are, sealed. Rejects with a
 * {@link HouseProblem} when tasks are unfinished, or when something was written meanwhile.
 */
export async function packHouse(
  {
    events,
    roster,
    tasks,
    archive,
    goods,
  }: Pick<KeyStore, 'events' | 'roster' | 'tasks' | 'archive' | 'goods'>,
  { vault, write }: { readonly vault: Vault; readonly write: (line: string) => Promise<void> },
): Promise<HouseEnd> {
  const left = (await tasks.unfinished()).length;
  if (left > 0) throw new HouseProblem(`${left} tasks are not finished: let them finish first`);
  const lines = newDigest();
  const put = async (line: HouseLine): Promise<void> => {
    const text = `${JSON.stringify(line)}\n`;
    lines.update(text);
    await write(text);
  };
  const sealed_with = sealMark(vault);
  await put({ head: { format: houseFormat, version: houseVersion, sealed_with } });
  let count = 0;
  let last = 0;
  for (;;) {
    const page = await events.readAll(last, pageEvents);
    for (const { position, stream, version, id, type, time, actor, data } of page) {
      await put({ event: { stream, version, id, type, time, actor, data: { ...data } } });
      last = position;
    }
    count += page.length;
    if (page.length < pageEvents) break;
  }
  const pools = await goods.pools();
  for (const pool of pools) await put({ pool });
  for (let after: number | null = 0; after !== null;) {
    const page: Awaited<ReturnType<typeof goods.usage>> = await goods.usage(after, pageKeys);
    for (const usage of page.items) await put({ usage });
    after = page.next;
  }
  let outcomes = 0;
  for (let after = null; ;) {
    const page = await archive.page({ ...everything, after, limit: pageBatches });
    for (const batch of page.batches) {
      const packed = Buffer.from(packOutcomes(batch)).toString('base64');
      await put({ outcomes: { group: batch.group, heard_ms: batch.heardMs, packed } });
    }
    outcomes += page.batches.length;
    if (page.next === null) break;
    after = page.next;
  }
  const digest = await keyDigest({ roster, goods });
  if ((await events.readAll(last, 1)).length > 0) {
    throw new HouseProblem('something was written meanwhile: stop Keymux first');
  }
  const counts = { events: count, pools: pools.length, outcomes };
  const end = { ...counts, ...digest, lines: lines.digest('hex') };
  await write(`${JSON.stringify({ end })}\n`);
  return end;
}
