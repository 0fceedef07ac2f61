import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { type AskedFields, nothingAsked } from './asked-fields.ts';

/** The body of a request, as often as it can be sent. */
export interface RequestBody {
  /** All of it, or for a long one its first part. */
  readonly head: Buffer;
  /** Whether `head` is all. */
  readonly complete: boolean;
  /** Bytes received so far. */
  readonly sizeBytes: number;
  /** Bytes in all; null when the client did not say and the end was not seen. */
  readonly lengthBytes: number | null;
  /** False when a part was already sent and is gone. */
  readonly replayable: boolean;
  /** What it asks for, as far as it was read. */
  readonly asked: AskedFields;
  /** The body to send; null for none. May be called again while `replayable`. */
  open(): Buffer | Readable | null;
  /** All of it in memory. */
  readAll(): Buffer;
  /** Frees what it holds on disk. */
  close(): void;
}

const nothing = Buffer.alloc(0);

/** The body of a request that has none. */
export const noBody: RequestBody = {
  head: nothing,
  complete: true,
  sizeBytes: 0,
  lengthBytes: 0,
  replayable: true,
  asked: nothingAsked,
  open: () => null,
  readAll: () => nothing,
  close: () => undefined,
};

/** A body that is all in memory. */
export function bufferedBody(bytes: Buffer, asked: AskedFields): RequestBody {
  return {
    head: bytes,
    complete: true,
    sizeBytes: bytes.length,
    lengthBytes: bytes.length,
    replayable: true,
    asked,
    open: () => bytes,
    readAll: () => bytes,
    close: () => undefined,
  };
}

/** Whether a request has a body at all (RFC 9112 6.3). */
export function hasBody(req: IncomingMessage): boolean {
  const length = req.headers['content-length'];
  return req.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
