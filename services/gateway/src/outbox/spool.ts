import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { type Batch, Segment } from './segment.ts';

export interface SpoolOptions {
  readonly directory: string;
  /** Beyond this the spool refuses lines. */
  readonly limitBytes: number;
  readonly segmentBytes?: number;
}

/** A batch with its lines, ready to be published. */
export interface SpoolBatch {
  readonly number: number;
  readonly sizeBytes: number;
  /** Read from the disk when asked for. */
  readonly lines: readonly string[];
}

/**
 * The append-only file in which a gateway keeps what must not be lost until the bus answers for
 * it. Written at once (a killed process loses nothing), read in numbered batches, deleted by the
 * segment when every batch of it was acknowledged and that fact is on disk.
 */
export class Spool {
  /** Names this spool for ever: message ids and their deduplication are built on it. */
  readonly producer: string;
  readonly #directory: string;
  readonly #limitBytes: number;
  readonly #segmentBytes: number;
  readonly #segments: Segment[] = [];
  /** Recovered batches that were made before and not acknowledged. */
  readonly #again: { segment: Segment; batch: Batch }[] = [];
  readonly #acked = new Set<number>();
  #ackedThrough: number;
  #ackedOnDisk: number;
  #lastBatch: number;

  constructor({ directory, limitBytes, segmentBytes = 8 * 1024 * 1024 }: SpoolOptions) {
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#directory = directory;
    this.#limitBytes = limitBytes;
    this.#segmentBytes = segmentBytes;
    this.producer = readOrWrite(join(directory, 'producer'), randomUUID);
    this.#ackedThrough = Number(readOrWrite(join(directory, 'acked'), () => '0'));
    this.#ackedOnDisk = this.#ackedThrough;
    this.#lastBatch = this.#ackedThrough;
    for (const sequence of Segment.list(directory)) {
      const segment = Segment.open(directory, sequence);
      this.#segments.push(segment);
      for (const batch of segment.batches) {
        this.#lastBatch = Math.max(this.#lastBatch, batch.number);
        if (batch.number > this.#ackedThrough) this.#again.push({ segment, batch });
      }
    }
    this.#dropFinished();
  }

  /** Every batch up to this one will never be published again, even after a crash. */
  get ackedThrough(): number {
    return this.#ackedOnDisk;
  }

  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  }

  /** Bytes that the bus has not answered for; others are on disk until their segment is done. */
  get waitingBytes(): number {
    const answered = this.#segments
      .flatMap((segment) => segment.batches)
      .filter(({ number }) => number <= this.#ackedThrough || this.#acked.has(number));
    return answered.reduce((sum, { start, end }) => sum - (end - start), this.sizeBytes);
  }

  /** Bytes that no batch was made of yet. */
  get unbatchedBytes(): number {
    return this.#segments.reduce((sum, each) => sum + each.sizeBytes - each.batchedBytes, 0);
  }

  /** True when nothing waits for the bus. */
  get empty(): boolean {
    return (
      this.#again.length === 0 &&
      this.#ackedThrough === this.#lastBatch &&
      this.#segments.every((segment) => segment.batchedBytes >= segment.sizeBytes)
    );
  }

  /** Writes lines (newlines between them) at once, all or none; false when the spool is full. Throws on I/O errors. */
  append(lines: string): boolean {
    if (this.sizeBytes >= this.#limitBytes) return false;
    let segment = this.#segments.at(-1);
    if (segment === undefined || segment.sizeBytes >= this.#segmentBytes) {
      segment = Segment.open(this.#directory, (segment?.sequence ?? 0) + 1);
      this.#segments.push(segment);
    }
    segment.append(`${lines}\n`);
    return true;
  }

  /** The next batch to publish, or undefined when all was taken. */
  take(maxBytes: number): SpoolBatch | undefined {
    const again = this.#again.shift();
    if (again !== undefined) return toSpoolBatch(again.segment, again.batch);
    for (const segment of this.#segments) {
      const batch = segment.nextBatch(this.#lastBatch + 1, maxBytes);
      if (batch === undefined) continue;
      this.#lastBatch = batch.number;
      return toSpoolBatch(segment, batch);
    }
    return undefined;
  }

  /** The bus answered for a batch. */
  acknowledge(number: number): void {
    this.#acked.add(number);
    while (this.#acked.delete(this.#ackedThrough + 1)) this.#ackedThrough += 1;
  }

  /** Writes down what was acknowledged and deletes segments that are done; cheap when nothing is new. */
  checkpoint(): void {
    if (this.#ackedOnDisk === this.#ackedThrough) return;
    const path = join(this.#directory, 'acked');
    fs.writeFileSync(`${path}.new`, String(this.#ackedThrough), { mode: 0o600 });
    fs.renameSync(`${path}.new`, path);
    this.#ackedOnDisk = this.#ackedThrough;
    this.#dropFinished();
  }

  /** Closes the files; what was not acknowledged is there at the next start. */
  close(): void {
    this.checkpoint();
    for (const segment of this.#segments) segment.close();
    this.#segments.length = 0;
  }

  #dropFinished(): void {
    for (;;) {
      const segment = this.#segments[0];
      const last = segment?.batches.at(-1);
      if (segment === undefined || last === undefined) return;
      if (last.number > this.#ackedOnDisk || segment.batchedBytes < segment.sizeBytes) return;
      // The newest one stays open for appends until it is worth replacing.
      if (this.#segments.length === 1 && segment.sizeBytes < this.#segmentBytes / 8) return;
      segment.remove();
      this.#segments.shift();
    }
  }
}

function toSpoolBatch(segment: Segment, batch: Batch): SpoolBatch {
  return {
    number: batch.number,
    sizeBytes: batch.end - batch.start,
    get lines() {
      return segment.read(batch);
    },
  };
}

function readOrWrite(path: string, make: () => string): string {
  try {
    const text = fs.readFileSync(path, 'utf8').trim();
    if (text !== '') return text;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  const text = make();
  fs.writeFileSync(path, text, { mode: 0o600 });
  return text;
}
