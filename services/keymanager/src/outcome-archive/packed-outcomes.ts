import { constants, inflateRawSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { KeyOutcome, RecordedAttempt } from '@keymux/contracts';
import type { HeardOutcomes, HeardVersion } from './outcome-archive.ts';

type Packed = Pick<HeardOutcomes, 'producer' | 'threshold' | 'outcomes' | 'versions'>;

type Failed = Extract<KeyOutcome, { kind: 'failure' | 'noted' }>;
type Recorded = Failed & { readonly attempt: RecordedAttempt };

/** Successes are most of all outcomes. Those from before are kept with ms before hearing in place of a time. */
type ShortSuccess = readonly [key: string, count: number, at: string | number, request: string];

/** What sets a failure apart from the first of its batch that is alike, whose place among such comes first. */
type ShortFailure = readonly [
  alike: number,
  key: string,
  at: string,
  until: string | null,
  request: string,
  hintMs: number | null,
  random: number,
];

type Short = KeyOutcome | ShortSuccess | ShortFailure;

const isRecorded = (outcome: KeyOutcome): outcome is Recorded =>
  (outcome.kind === 'failure' || outcome.kind === 'noted') && outcome.attempt !== undefined;

/** Keeps what failures have in common once: a provider says the same to many keys. */
class Alike {
  readonly firsts: Recorded[] = [];
  readonly #placeOf = new Map<string, number>();

  shorten(failed: Recorded): ShortFailure {
    const { key_id, at, until, request_id, attempt, ...rest } = failed;
    const { hint_ms, random, ...tried } = attempt;
    const name = JSON.stringify([rest, tried]);
    let place = this.#placeOf.get(name);
    if (place === undefined) {
      place = this.firsts.push(failed) - 1;
      this.#placeOf.set(name, place);
    }
    return [place, key_id, at, until, request_id, hint_ms, random];
  }
}

function isFailure(short: ShortSuccess | ShortFailure): short is ShortFailure {
  return typeof short[0] === 'number';
}

function lengthen(short: Short, heardMs: number, firsts: readonly Recorded[]): KeyOutcome {
  if (!('length' in short)) return short;
  if (isFailure(short)) {
    const [place, key_id, at, until, request_id, hint_ms, random] = short;
    const first = firsts[place];
    if (first === undefined) throw new Error('a failure is like none of its batch');
    const attempt = { ...first.attempt, hint_ms, random };
    return { ...first, key_id, at, until, request_id, attempt };
  }
  const [key_id, count, when, request_id] = short;
  const at = typeof when === 'string' ? when : new Date(heardMs - when).toISOString();
  return { kind: 'success', key_id, at, count, request_id };
}

/** Of every zstd frame (RFC 8878 3.1.1); nothing that deflate writes begins so. */
const zstdMagic = 0xfd2fb528;
// A quarter of what deflate took, on the thread that serves everything else, and a tenth smaller.
const fastest = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** A batch as it is kept: JSON, compressed. */
export function packOutcomes({ producer, threshold, versions, outcomes }: Packed): Uint8Array {
  const alike = new Alike();
  const short = outcomes.map((outcome): Short => {
    if (isRecorded(outcome)) return alike.shorten(outcome);
    if (outcome.kind !== 'success') return outcome;
    const { key_id, count, at, request_id } = outcome;
    return [key_id, count, at, request_id];
  });
  const text = JSON.stringify([producer, threshold, versions, short, alike.firsts]);
  return zstdCompressSync(text, fastest);
}

/** The batch again. Our own words: they were checked when they were heard. */
export function unpackOutcomes(packed: Uint8Array, heardMs: number): Packed {
  const text = isZstd(packed) ? zstdDecompressSync(packed) : inflateRawSync(packed);
  const [producer, threshold, versions, short, firsts = []] = JSON.parse(text.toString('utf8')) as [
    string,
    number,
    HeardVersion[],
    Short[],
    Recorded[]?,
  ];
  const outcomes = short.map((each) => lengthen(each, heardMs, firsts));
  return { producer, threshold, versions, outcomes };
}

// Batches of an earlier version are deflated.
function isZstd({ buffer, byteOffset, byteLength }: Uint8Array): boolean {
  return byteLength >= 4 && new DataView(buffer, byteOffset).getUint32(0, true) === zstdMagic;
}
