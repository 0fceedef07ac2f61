import * as fs from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { AskedFields } from './asked-fields.ts';
import type { RequestBody } from './request-body.ts';
import { readSpilled, type Spilled } from './spilled-body.ts';

/** What was read of a body whose rest is still to come. */
export interface Begun {
  readonly head: Buffer;
  /** On disk, the head too; null when nothing is. */
  readonly spilled: Spilled | null;
  /** What follows that and is not on disk. */
  readonly unwritten?: Buffer | null;
  /** What it asks for, as far as it was read. */
  readonly asked: AskedFields;
  /** Of all; null when the client did not say. */
  readonly lengthBytes: number | null;
}

/** A body whose rest is still to come, and can be sent once. */
export function flowingBody(req: IncomingMessage, begun: Begun): RequestBody {
  const { head, spilled, unwritten, asked, lengthBytes } = begun;
  let stream: Readable | undefined;
  let closed = false;
  return {
    head,
    complete: false,
    sizeBytes: (spilled?.sizeBytes ?? head.length) + (unwritten?.length ?? 0),
    lengthBytes,
    replayable: false,
    asked,
    open: () => {
      stream = Readable.from(flow(req, begun), { objectMode: false });
      return stream;
    },
    readAll: () => head,
    close: () => {
      if (closed) return;
      closed = true;
      stream?.destroy();
      if (spilled !== null) fs.closeSync(spilled.file);
    },
  };
}

async function* flow(
  req: IncomingMessage,
  { head, spilled, unwritten }: Begun,
): AsyncGenerator<Buffer> {
  if (spilled === null) yield head;
  else yield* readSpilled(spilled);
  if (unwritten) yield unwritten;
  for await (const chunk of req.iterator({ destroyOnReturn: false })) yield Buffer.from(chunk);
}
