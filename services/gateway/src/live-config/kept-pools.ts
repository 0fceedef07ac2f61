import {
  closeSync,
  createReadStream,
  fstatSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type PoolKey, PoolKeySchema } from '@keymux/contracts';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';

/** Keys as they were at a revision of their pool; a line of a file. */
export interface KeptKeys {
  readonly revision: number;
  readonly keys: readonly PoolKey[];
}

interface Journal {
  readonly file: number;
  /** Bytes when it was written whole. */
  readonly wholeBytes: number;
  sizeBytes: number;
}

const isKept = Compile(Type.Object({ revision: Type.Integer(), keys: Type.Array(PoolKeySchema) }));
/** Bytes of changes that are kept, however small the pool. */
const leastBytes = 4 * 1024 * 1024;

/**
 * The last copy of every pool on disk: a file a pool, written whole from a snapshot and then added
 * to. Secrets in it are sealed. Not synced: a copy that is torn is read up to where it is.
 */
export class KeptPools {
  readonly #directory: string;
  readonly #journals = new Map<string, Journal>();
  /** Files of copies that are not whole yet. */
  readonly #begun = new Map<string, number>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Begins a whole copy; the one before stays until `end`. */
  begin(group: string): { page(kept: KeptKeys): void; end(): void } {
    const writing = `${this.#pathOf(group)}.new`;
    this.#abandon(group);
    const file = openSync(writing, 'w', 0o600);
    this.#begun.set(group, file);
    return {
      page: (kept) => void writeSync(file, lineOf(kept)),
      end: () => {
        renameSync(writing, this.#pathOf(group));
        this.#begun.delete(group);
        this.#close(group);
        const { size } = fstatSync(file);
        this.#journals.set(group, { file, wholeBytes: size, sizeBytes: size });
      },
    };
  }

  /** Adds a change. True when the file is so long that it should be written whole again. */
  add(group: string, kept: KeptKeys): boolean {
    const journal = this.#journals.get(group);
    if (journal === undefined) return false;
    journal.sizeBytes += writeSync(journal.file, lineOf(kept));
    return journal.sizeBytes > 2 * journal.wholeBytes + leastBytes;
  }

  /** What was kept of a pool, oldest first; nothing when there is no copy. */
  async *read(group: string): AsyncGenerator<KeptKeys> {
    const input = createReadStream(this.#pathOf(group));
    try {
      for await (const line of createInterface({ input })) {
        const kept = parse(line);
        if (kept === null) return;
        yield kept;
      }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    } finally {
      input.destroy();
    }
  }

  forget(group: string): void {
    this.#abandon(group);
    this.#close(group);
    rmSync(this.#pathOf(group), { force: true });
  }

  close(): void {
    for (const group of this.#begun.keys()) this.#abandon(group);
    for (const group of this.#journals.keys()) this.#close(group);
  }

  #abandon(group: string): void {
    const file = this.#begun.get(group);
    if (file !== undefined) closeSync(file);
    this.#begun.delete(group);
  }

  #close(group: string): void {
    const journal = this.#journals.get(group);
    if (journal !== undefined) closeSync(journal.file);
    this.#journals.delete(group);
  }

  // Names of groups are lower case letters, digits, - and _.
  #pathOf(group: string): string {
    return join(this.#directory, `pool-${group}.ndjson`);
  }
}

const lineOf = (kept: KeptKeys): string => `${JSON.stringify(kept)}\n`;

function parse(line: string): KeptKeys | null {
  try {
    const value: unknown = JSON.parse(line);
    return isKept.Check(value) ? value : null;
  } catch {
    // The end of a copy that was torn.
    return null;
  }
}
