import { once } from 'node:events';
import { STATUS_CODES, type ServerResponse } from 'node:http';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Manner, Reply } from './answer.ts';

/** Sends a reply in its manner; ends early when the client goes away. */
export async function sendReply(res: ServerResponse, reply: Reply): Promise<void> {
  const socket = res.socket;
  const gone = new AbortController();
  const leave = () => gone.abort();
  res.once('close', leave);
  // Most of the house's words are small: they must not wait for each other on the wire.
  socket?.setNoDelay(true);
  try {
    await inManner(res, reply, gone.signal);
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  } finally {
    res.off('close', leave);
  }
}

/** Sends without waiting what needs no waiting: the path that a load takes. */
export function sendAtOnce(res: ServerResponse, reply: Reply): boolean {
  const { chunks } = reply;
  if (!Array.isArray(chunks) || chunks.length > 1 || hasManner(reply)) return false;
  writeHead(res, reply);
  res.end(chunks[0]);
  return true;
}

function hasManner(manner: Manner): boolean {
  return (
    manner.beforeHeadersMs !== undefined ||
    manner.beforeFirstByteMs !== undefined ||
    (manner.ending !== undefined && manner.ending !== 'end')
  );
}

function writeHead(res: ServerResponse, reply: Reply): void {
  res.sendDate = false;
  const statusText = reply.statusText ?? STATUS_CODES[reply.status] ?? '';
  res.writeHead(reply.status, statusText, reply.headers.flat());
}

async function inManner(res: ServerResponse, reply: Reply, signal: AbortSignal): Promise<void> {
  const options = { signal };
  if (reply.beforeHeadersMs !== undefined)
    await setTimeout(reply.beforeHeadersMs, undefined, options);
  signal.throwIfAborted();
  writeHead(res, reply);
  res.flushHeaders();
  if (reply.beforeFirstByteMs !== undefined) {
    await setTimeout(reply.beforeFirstByteMs, undefined, options);
  }
  let sent = 0;
  const early = reply.ending !== undefined && reply.ending !== 'end';
  const limit = early ? (reply.endAfterChunks ?? Number.POSITIVE_INFINITY) : Infinity;
  for await (const chunk of reply.chunks) {
    signal.throwIfAborted();
    if (sent >= limit) break;
    if (sent > 0) await pause(reply.betweenChunksMs, options);
    sent += 1;
    if (!res.write(chunk)) await once(res, 'drain', options);
  }
  await finish(res, reply, options);
}

async function finish(
  res: ServerResponse,
  reply: Reply,
  options: { signal: AbortSignal },
): Promise<void> {
  switch (reply.ending ?? 'end') {
    case 'end':
      res.end();
      return;
    case 'reset':
      await setTimeout(20, undefined, options); // what was written goes out before the reset
      res.socket?.resetAndDestroy();
      return;
    case 'cut':
      res.socket?.end();
      return;
    case 'hang':
      await once(options.signal, 'abort');
      return;
  }
}

async function pause(ms: number | undefined, options: { signal: AbortSignal }): Promise<void> {
  if (ms === undefined) await setImmediate(undefined, options);
  else await setTimeout(ms, undefined, options);
}
