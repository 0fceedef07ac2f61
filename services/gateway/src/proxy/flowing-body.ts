import * as fs from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { RequestBody } from './request-body.ts';
import { readTopLevel } from './top-level-json.ts';
import { readSpilled, type Spilled } from './spilled-body.ts';

/** A body whose rest is still to come, and can be sent once. */
export function flowingBody(
  req: IncomingMessage,
  head: Buffer,
  spilled: Spilled | null,
  lengthBytes: number | null,
): RequestBody {
  let stream: Readable | undefined;
  let closed = false;
  return {
    head,
    complete: false,
    sizeBytes: spilled?.sizeBytes ?? head.length,
    lengthBytes,
    replayable: false,
    topLevel: () => readTopLevel(head),
    open: () => {
      stream = Readable.from(flow(req, head, spilled), { objectMode: false });
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
  head: Buffer,
  spilled: Spilled | null,
): AsyncGenerator<Buffer> {
  if (spilled === null) yield head;
  else yield* readSpilled(spilled);
  for await (const chunk of req.iterator({ destroyOnReturn: false })) yield Buffer.from(chunk);
}
