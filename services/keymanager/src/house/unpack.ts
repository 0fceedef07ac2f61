import type { EventStore, StreamAppend } from '@keymux/event-store';
import type { Vault } from '@keymux/vault';
import type { KeyStore } from '../key-store/key-store.ts';
import type { OutcomeArchive } from '../outcome-archive/outcome-archive.ts';
import { unpackOutcomes } from '../outcome-archive/packed-outcomes.ts';
import type { Pool } from '../roster/pools.ts';
import type { KeyUsage } from './goods.ts';
import {
  type HouseEnd,
  type HouseEvent,
  type HouseLine,
  HouseProblem,
  houseVersion,
  newDigest,
  readHouseLine,
} from './house-line.ts';
import { keyDigest } from './key-digest.ts';
import { sealMark } from './pack.ts';

type Lines = () => AsyncIterable<string>;

const atOnce = 500;

/**
 * Puts a packed house into an empty store. The whole file is checked before the first write. What a
 * stop in the middle left is gone on with by the same call; a store that holds anything else is
 * refused. Rejects with a {@link HouseProblem}.
 */
export async function unpackHouse(
  { events, roster, archive, goods }: Pick<KeyStore, 'events' | 'roster' | 'archive' | 'goods'>,
  { vault, lines }: { readonly vault: Vault; readonly lines: Lines },
): Promise<HouseEnd> {
  const end = await check(lines, vault);
  await unpackEvents(events, lines);
  const pools: Pool[] = [];
  for await (const line of read(lines)) if ('pool' in line) pools.push(line.pool);
  await goods.putPools(pools);
  await roster.rebuild();
  let usage: KeyUsage[] = [];
  for await (const line of read(lines)) {
    if ('usage' in line) usage.push(line.usage);
    if (usage.length < atOnce) continue;
    await goods.putUsage(usage);
    usage = [];
  }
  await goods.putUsage(usage);
  await unpackArchive(archive, lines);
  const digest = await keyDigest({ roster, goods });
  if (digest.keys !== end.keys || digest.roster !== end.roster) {
    throw new HouseProblem(
      `the ${digest.keys} keys that came out are not the ${end.keys} that went in: please report this`,
    );
  }
  return end;
}

async function* read(lines: Lines): AsyncGenerator<HouseLine> {
  let number = 0;
  for await (const text of lines()) {
    number += 1;
    yield readHouseLine(text, number);
  }
}

// Every line is read and hashed before any of it is believed.
async function check(lines: Lines, vault: Vault): Promise<HouseEnd> {
  const digest = newDigest();
  const counts = { events: 0, pools: 0, usage: 0, outcomes: 0 };
  let end: HouseEnd | undefined;
  let number = 0;
  for await (const text of lines()) {
    number += 1;
    const line = readHouseLine(text, number);
    if (end !== undefined || 'head' in line !== (number === 1)) {
      throw new HouseProblem(`line ${number} of the file is out of place`);
    }
    if ('head' in line) {
      const { version, sealed_with } = line.head;
      if (version > houseVersion) throw new HouseProblem('a newer Keymux packed this file');
      if (sealed_with !== sealMark(vault)) {
        throw new HouseProblem('ENCRYPTION_KEY: the file was packed under another encryption key');
      }
    }
    if ('event' in line) counts.events += 1;
    if ('pool' in line) counts.pools += 1;
    if ('usage' in line) counts.usage += 1;
    if ('outcomes' in line) counts.outcomes += 1;
    if ('end' in line) ({ end } = line);
    else digest.update(`${text}\n`);
  }
  if (end === undefined) throw new HouseProblem('the file is cut off: its end is missing');
  const { events, pools, keys, outcomes = 0 } = end;
  const right =
    events === counts.events &&
    pools === counts.pools &&
    keys === counts.usage &&
    outcomes === counts.outcomes;
  if (!right || end.lines !== digest.digest('hex')) {
    throw new HouseProblem('the file is damaged: its lines are not those that were packed');
  }
  return end;
}

async function unpackArchive(archive: OutcomeArchive, lines: Lines): Promise<void> {
  let n = 0;
  for await (const line of read(lines)) {
    if (!('outcomes' in line)) continue;
    const { group, heard_ms: heardMs, packed } = line.outcomes;
    const batch = unpackOutcomes(Buffer.from(packed, 'base64'), heardMs);
    await archive.bring(n, { group, heardMs, ...batch });
    n += 1;
  }
}

async function unpackEvents(events: EventStore, lines: Lines): Promise<void> {
  let position = 0;
  let there = await events.readAll(position, atOnce);
  let batch: HouseEvent[] = [];
  for await (const line of read(lines)) {
    if (!('event' in line)) continue;
    const { event } = line;
    const known = there.shift();
    if (known !== undefined) {
      if (known.id !== event.id) throw otherHouse();
      ({ position } = known);
      if (there.length === 0) there = await events.readAll(position, atOnce);
      continue;
    }
    if (batch.length >= atOnce || comesBack(batch, event)) {
      await append(events, batch);
      batch = [];
    }
    batch.push(event);
  }
  if (there.length > 0) throw otherHouse();
  await append(events, batch);
}

const otherHouse = (): HouseProblem =>
  new HouseProblem('the database holds other data: move into an empty one');

// An append holds each stream once; the order over all streams is to stay.
const comesBack = (batch: readonly HouseEvent[], { stream }: HouseEvent): boolean =>
  batch.at(-1)?.stream !== stream && batch.some((each) => each.stream === stream);

async function append(events: EventStore, batch: readonly HouseEvent[]): Promise<void> {
  if (batch.length === 0) return;
  const streams = new Map<string, { expectedVersion: number; events: HouseEvent[] }>();
  for (const event of batch) {
    const of = streams.get(event.stream) ?? { expectedVersion: event.version - 1, events: [] };
    of.events.push(event);
    streams.set(event.stream, of);
  }
  const appends: StreamAppend[] = Array.from(streams, ([stream, of]) => ({ stream, ...of }));
  const appended = await events.append(appends);
  if (appended.kind !== 'appended') throw otherHouse();
}
