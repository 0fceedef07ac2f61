import * as fs from 'node:fs';
import { join } from 'node:path';

/** A range of a segment that is published as one and acknowledged as one. */
export interface Batch {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/**
 * One file of the spool with an index of its batches. The index is written before a batch is
 * published, so that after a crash the same batch goes out under the same number.
 */
export class Segment {
  readonly sequence: number;
  readonly batches: Batch[];
  readonly #logPath: string;
  readonly #indexPath: string;
  readonly #log: number;
  readonly #index: number;
  /** Bytes written. */
  sizeBytes: number;

  private constructor(directory: string, sequence: number) {
    this.sequence = sequence;
    const name = String(sequence).padStart(10, '0');
    this.#logPath = join(directory, `${name}.spool`);
    this.#indexPath = join(directory, `${name}.index`);
    this.#log = fs.openSync(this.#logPath, 'a+', 0o600);
    this.#index = fs.openSync(this.#indexPath, 'a+', 0o600);
    this.sizeBytes = cutTornLine(this.#log, fs.fstatSync(this.#log).size);
    this.batches = readIndex(this.#indexPath, this.sizeBytes);
  }

  /** Opens or creates a segment; a line that a crash cut short is removed. */
  static open(directory: string, sequence: number): Segment {
    return new Segment(directory, sequence);
  }

  /** Sequence numbers of the segments in a folder, oldest first. */
  static list(directory: string): number[] {
    return fs
      .readdirSync(directory)
      .filter((name) => /^\d{10}\.spool$/.test(name))
      .map((name) => Number(name.slice(0, 10)))
      .toSorted((a, b) => a - b);
  }

  /** End of the last batch. */
  get batchedBytes(): number {
    return this.batches.at(-1)?.end ?? 0;
  }

  /** Writes lines, with their newlines, at once. */
  append(lines: string): void {
    const bytes = Buffer.from(lines);
    const sizeBytes = bytes.length;
    const written = fs.writeSync(this.#log, bytes);
    if (written < sizeBytes) {
      fs.ftruncateSync(this.#log, this.sizeBytes);
      throw new Error(`the spool took ${written} of ${sizeBytes} bytes`);
    }
    this.sizeBytes += sizeBytes;
  }

  /** Makes a batch of the next whole lines, at most `maxBytes` unless one line is longer. */
  nextBatch(number: number, maxBytes: number): Batch | undefined {
    const start = this.batchedBytes;
    if (start >= this.sizeBytes) return undefined;
    let end = this.sizeBytes;
    if (end - start > maxBytes) {
      const head = this.#readRange(start, start + maxBytes);
      const newline = head.lastIndexOf(10);
      end = newline === -1 ? this.#endOfLine(start + maxBytes) : start + newline + 1;
    }
    const batch = { number, start, end };
    fs.writeSync(this.#index, `${number} ${end}\n`);
    this.batches.push(batch);
    return batch;
  }

  /** The lines of a batch. */
  read(batch: Batch): string[] {
    return this.#readRange(batch.start, batch.end).toString('utf8').split('\n').slice(0, -1);
  }

  close(): void {
    fs.closeSync(this.#log);
    fs.closeSync(this.#index);
  }

  /** Closes and deletes both files. */
  remove(): void {
    this.close();
    fs.rmSync(this.#logPath, { force: true });
    fs.rmSync(this.#indexPath, { force: true });
  }

  #readRange(start: number, end: number): Buffer {
    const buffer = Buffer.allocUnsafe(end - start);
    let filled = 0;
    while (filled < buffer.length) {
      const read = fs.readSync(this.#log, buffer, filled, buffer.length - filled, start + filled);
      if (read === 0) throw new Error(`${this.#logPath} is shorter than it was`);
      filled += read;
    }
    return buffer;
  }

  #endOfLine(from: number): number {
    for (let at = from; at < this.sizeBytes; at += 65_536) {
      const part = this.#readRange(at, Math.min(at + 65_536, this.sizeBytes));
      const newline = part.indexOf(10);
      if (newline !== -1) return at + newline + 1;
    }
    return this.sizeBytes;
  }
}

function cutTornLine(file: number, sizeBytes: number): number {
  const chunk = Buffer.alloc(65_536);
  for (let end = sizeBytes; end > 0;) {
    const start = Math.max(0, end - chunk.length);
    const read = fs.readSync(file, chunk, 0, end - start, start);
    const newline = chunk.subarray(0, read).lastIndexOf(10);
    if (newline !== -1) {
      const whole = start + newline + 1;
      if (whole < sizeBytes) fs.ftruncateSync(file, whole);
      return whole;
    }
    end = start;
  }
  if (sizeBytes > 0) fs.ftruncateSync(file, 0);
  return 0;
}

function readIndex(path: string, sizeBytes: number): Batch[] {
  const batches: Batch[] = [];
  let start = 0;
  // What stands after the last newline was cut short by a crash, before its batch was published.
  for (const line of fs.readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
    const match = /^(\d+) (\d+)$/.exec(line);
    const number = Number(match?.[1]);
    const end = Number(match?.[2]);
    if (match === null || end <= start || end > sizeBytes) break;
    batches.push({ number, start, end });
    start = end;
  }
  fs.truncateSync(path, batches.map((each) => `${each.number} ${each.end}\n`).join('').length);
  return batches;
}
