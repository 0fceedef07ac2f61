import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';

export interface BodyLimits {
  /** Up to this a body is kept in memory and can be sent again. */
  readonly replayLimitBytes: number;
  /** Up to this it is kept on disk; a longer one is streamed straight through, once. */
  readonly spillLimitBytes: number;
  readonly spillDirectory: string;
}

/** The body of a request, as often as it can be sent. */
export interface RequestBody {
  /** All of it, or for a long one its first part: enough to find `model` and `stream`. */
  readonly head: Buffer;
  /** Whether `head` is all. */
  readonly complete: boolean;
  /** Bytes received so far. */
  readonly sizeBytes: number;
  /** Bytes in all; null when the client did not say and the end was not seen. */
  readonly lengthBytes: number | null;
  /** False when a part was already sent and is gone. */
  readonly replayable: boolean;
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
  open: () => null,
  readAll: () => nothing,
  close: () => undefined,
};

/** A body that is all in memory. */
export function bufferedBody(bytes: Buffer): RequestBody {
  return {
    head: bytes,
    complete: true,
    sizeBytes: bytes.length,
    lengthBytes: bytes.length,
    replayable: true,
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

/**
 * Reads a body into memory, or past the limit to disk, or past that leaves the rest to flow.
 * Calls back once; never after the request was destroyed.
 */
export function readBody(
  req: IncomingMessage,
  limits: BodyLimits,
  done: (body: RequestBody) => void,
): void {
  const declared = Number(req.headers['content-length'] ?? Number.NaN);
  const declaredBytes = Number.isNaN(declared) ? null : declared;
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const stop = (): void => {
    req.off('data', onData);
    req.off('end', onEnd);
  };
  const onEnd = (): void => {
    stop();
    const [only] = chunks;
    done(bufferedBody(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)));
  };
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes <= limits.replayLimitBytes) return;
    stop();
    req.pause();
    const head = Buffer.concat(chunks);
    if (declaredBytes !== null && declaredBytes > limits.spillLimitBytes) {
      done(flowingBody(req, head, null, declaredBytes));
    } else {
      spill(req, head, declaredBytes, limits, done);
    }
  };
  req.on('data', onData);
  req.on('end', onEnd);
}

function spill(
  req: IncomingMessage,
  head: Buffer,
  declaredBytes: number | null,
  limits: BodyLimits,
  done: (body: RequestBody) => void,
): void {
  fs.mkdirSync(limits.spillDirectory, { recursive: true, mode: 0o700 });
  const path = join(limits.spillDirectory, randomUUID());
  const file = fs.openSync(path, 'wx+', 0o600);
  // Nameless from the start: whatever ends the process, the bytes are gone with it.
  fs.unlinkSync(path);
  let sizeBytes = fs.writeSync(file, head);
  const spilled: Spilled = { file, sizeBytes };
  const stop = (): void => {
    req.off('data', onData);
    req.off('end', onEnd);
    req.off('close', onClose);
  };
  const onClose = (): void => {
    stop();
    fs.closeSync(file);
  };
  const onEnd = (): void => {
    stop();
    done(spilledBody(head, { file, sizeBytes }));
  };
  const onData = (chunk: Buffer): void => {
    fs.writeSync(file, chunk);
    sizeBytes += chunk.length;
    spilled.sizeBytes = sizeBytes;
    if (sizeBytes <= limits.spillLimitBytes) return;
    stop();
    req.pause();
    done(flowingBody(req, head, { file, sizeBytes }, declaredBytes));
  };
  req.on('data', onData);
  req.on('end', onEnd);
  req.on('close', onClose);
  req.resume();
}

interface Spilled {
  readonly file: number;
  sizeBytes: number;
}

function spilledBody(head: Buffer, { file, sizeBytes }: Spilled): RequestBody {
  const open = new Set<Readable>();
  let closed = false;
  return {
    head,
    complete: false,
    sizeBytes,
    lengthBytes: sizeBytes,
    replayable: true,
    open: () => {
      const stream = Readable.from(readFile(file, sizeBytes), { objectMode: false });
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

function flowingBody(
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
  else yield* readFile(spilled.file, spilled.sizeBytes);
  for await (const chunk of req.iterator({ destroyOnReturn: false })) yield Buffer.from(chunk);
}

async function* readFile(file: number, sizeBytes: number): AsyncGenerator<Buffer> {
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
