import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { flowingBody } from './flowing-body.ts';
import { bufferedBody, type RequestBody } from './request-body.ts';
import { type Spilled, spilledBody } from './spilled-body.ts';
import { TopLevelScan } from './top-level-json.ts';

export interface BodyLimits {
  /** Up to this a body is kept in memory and can be sent again. */
  readonly replayLimitBytes: number;
  /** Up to this it is kept on disk; a longer one is streamed straight through, once. */
  readonly spillLimitBytes: number;
  readonly spillDirectory: string;
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
  // SDKs write the model behind the messages, and those may be long.
  const scan = new TopLevelScan();
  scan.feed(head);
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
    done(spilledBody(head, { file, sizeBytes }, scan.found));
  };
  const onData = (chunk: Buffer): void => {
    fs.writeSync(file, chunk);
    scan.feed(chunk);
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
