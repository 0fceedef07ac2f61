import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { KeyOutcome } from '@keymux/contracts';
import type { HeardOutcomes } from './outcome-archive.ts';

type Packed = Pick<HeardOutcomes, 'producer' | 'threshold' | 'outcomes' | 'versions'>;

/** Successes are most of all outcomes: they are kept as `[key, count, ms before hearing, request]`. */
type Short = KeyOutcome | readonly [string, number, number, string];

function shorten(outcome: KeyOutcome, heardMs: number): Short {
  if (outcome.kind !== 'success') return outcome;
  const { key_id, count, at, request_id } = outcome;
  return [key_id, count, heardMs - Date.parse(at), request_id];
}

function lengthen(short: Short, heardMs: number): KeyOutcome {
  if (!('length' in short)) return short;
  const [key_id, count, earlierMs, request_id] = short;
  const at = new Date(heardMs - earlierMs).toISOString();
  return { kind: 'success', key_id, at, count, request_id };
}

/** A batch as it is kept: JSON, deflated. */
export function packOutcomes(heard: HeardOutcomes): Uint8Array {
  const { producer, threshold, versions, outcomes, heardMs } = heard;
  const short = outcomes.map((each) => shorten(each, heardMs));
  return deflateRawSync(JSON.stringify([producer, threshold, versions, short]), { level: 1 });
}

/** The batch again. Our own words: they were checked when they were heard. */
export function unpackOutcomes(packed: Uint8Array, heardMs: number): Packed {
  const [producer, threshold, versions, short] = JSON.parse(
    inflateRawSync(packed).toString('utf8'),
  ) as [string, number, number[], Short[]];
  return { producer, threshold, versions, outcomes: short.map((each) => lengthen(each, heardMs)) };
}
