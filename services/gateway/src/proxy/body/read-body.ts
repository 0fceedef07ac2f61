import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { type AskedFields, type FieldScan, nothingAsked } from './asked-fields.ts';
import { fieldScanFor } from './field-scan.ts';
import { flowingBody } from './flowing-body.ts';
import { bufferedBody, type RequestBody } from './request-body.ts';
import { type Spilled, spilledBody } from './spilled-body.ts';

export interface BodyLimits {
  /** Up to this a body is kept in memory and can be sent again. */
  readonly replayLimitBytes: number;
  /** Up to this it is kept on disk; a longer one is streamed straight through, once. */
  readonly spillLimitBytes: number;
  readonly spillDirectory: string;
  /** Told why a body cannot be kept on disk, a full one say; that body is streamed, too. */
  readonly notKept: (error: unknown) => void;
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
  const scan = fieldScanFor(req.headers);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const stop = (): void => {
    req.off('data', onData);
    req.off('end', onEnd);
  };
  const onEnd = (): void => {
    stop();
    const [only] = chunks;
    const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
    done(bufferedBody(bytes, askedIn(bytes, scan)));
  };
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes <= limits.replayLimitBytes) return;
    stop();
    req.pause();
    const head = Buffer.concat(chunks);
    if (declaredBytes !== null && declaredBytes > limits.spillLimitBytes) {
      const asked = askedIn(head, scan);
      done(flowingBody(req, { head, spilled: null, asked, lengthBytes: declaredBytes }));
    } else {
      spill(req, { head, lengthBytes: declaredBytes, scan }, limits, done);
    }
  };
  req.on('data', onData);
  req.on('end', onEnd);
}

function askedIn(bytes: Buffer, scan: FieldScan | null): AskedFields {
  scan?.feed(bytes);
  return scan?.found ?? nothingAsked;
}

function spill(
  req: IncomingMessage,
  begun: {
    readonly head: Buffer;
    readonly lengthBytes: number | null;
    readonly scan: FieldScan | null;
  },
  limits: BodyLimits,
  done: (body: RequestBody) => void,
): void {
  const { head, lengthBytes, scan } = begun;
  let spilled: Spilled;
  try {
    spilled = { file: openNameless(limits.spillDirectory), sizeBytes: 0 };
  } catch (error) {
    limits.notKept(error);
    done(flowingBody(req, { head, spilled: null, asked: askedIn(head, scan), lengthBytes }));
    return;
  }
  const { file } = spilled;
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
    done(spilledBody(head, spilled, scan?.found ?? nothingAsked));
  };
  const onData = (chunk: Buffer): void => {
    // SDKs write the model behind the messages, or a file, and those may be long.
    scan?.feed(chunk);
    const unwritten = write(spilled, chunk, limits.notKept);
    if (unwritten === null && spilled.sizeBytes <= limits.spillLimitBytes) {
      req.resume();
      return;
    }
    stop();
    req.pause();
    const asked = scan?.found ?? nothingAsked;
    done(flowingBody(req, { head, spilled, unwritten, asked, lengthBytes }));
  };
  req.on('data', onData);
  req.on('end', onEnd);
  req.on('close', onClose);
  req.pause();
  onData(head);
}

/** A new file. Nameless from the start: whatever ends the process, the bytes are gone with it. */
function openNameless(directory: string): number {
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, randomUUID());
  const file = fs.openSync(path, 'wx+', 0o600);
  fs.unlinkSync(path);
  return file;
}

/** Writes bytes behind what is there; what the disk did not take, or null. */
function write(spilled: Spilled, bytes: Buffer, notKept: (error: unknown) => void): Buffer | null {
  let at = 0;
  try {
    while (at < bytes.length) at += fs.writeSync(spilled.file, bytes, at);
    return null;
  } catch (error) {
    notKept(error);
    return bytes.subarray(at);
  } finally {
    spilled.sizeBytes += at;
  }
}
