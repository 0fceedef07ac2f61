import * as fs from 'node:fs';
import { Readable } from 'node:stream';
import type { AskedFields } from './asked-fields.ts';
import type { RequestBody } from './request-body.ts';

/** A file without a name that has what was read of a body. */
export interface Spilled {
  readonly file: number;
  sizeBytes: number;
}

/** A body that is all on disk. */
export function spilledBody(
  head: Buffer,
  { file, sizeBytes }: Spilled,
  asked: AskedFields,
): RequestBody {
  const open = new Set<Readable>();
  let closed = false;
  return {
    head,
    complete: false,
    sizeBytes,
    lengthBytes: sizeBytes,
    replayable: true,
    asked,
    open: () => {
      const stream = Readable.from(readSpilled({ file, sizeBytes }), { objectMode: false });
      open.add(stream);
      return stream;
    },
    readAll: () => {
      const all = Buffer.allocUnsafe(sizeBytes);
      fs.readSync(file, all, 0, sizeBytes, 0);
      return all;
    },
    close: () => {
      if (closed) return;
      closed = true;
      for (const stream of open) stream.destroy();
      fs.closeSync(file);
    },
  };
}

/** What was read of a body, in parts. */
export async function* readSpilled({ file, sizeBytes }: Spilled): AsyncGenerator<Buffer> {
  for (let at = 0; at < sizeBytes;) {
    const part = Buffer.allocUnsafe(Math.min(262_144, sizeBytes - at));
    const read = await new Promise<number>((resolve, reject) => {
      fs.read(file, part, 0, part.length, at, (error, count) =>
        error === null ? resolve(count) : reject(error),
      );
    });
    if (read === 0) return;
    at += read;
    yield part.subarray(0, read);
  }
}
