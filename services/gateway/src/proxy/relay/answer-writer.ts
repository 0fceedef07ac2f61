import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { AnswerSoFar } from './answer-so-far.ts';
import type { RelayListener } from './relay-listener.ts';
import { withCors } from '../headers/response-headers.ts';

export interface AnswerWriterDeps {
  readonly res: ServerResponse;
  readonly extraHeaders: readonly string[];
  readonly listener: Pick<RelayListener, 'committed' | 'blocked'>;
  /** Lets the upstream go on. */
  readonly resume: () => void;
}

/** So short a chunk is copied into one piece with its framing. */
const shortBytes = 8_192;

/** Writes an upstream's answer to the client, at the client's pace. */
export class AnswerWriter {
  readonly #deps: AnswerWriterDeps;
  /** The head went to the connection, with a first chunk. */
  #begun = false;

  constructor(deps: AnswerWriterDeps) {
    this.#deps = deps;
  }

  /** Writes the head. */
  commit({ status, statusText, headers }: AnswerSoFar): void {
    const { res, extraHeaders, listener } = this.#deps;
    listener.committed(status);
    res.sendDate = false;
    res.writeHead(status, statusText, withCors(headers.forwarded, extraHeaders));
  }

  /** Writes a chunk as it came; false when the upstream must wait until `resume`. */
  write(chunk: Buffer): boolean {
    const { res, listener, resume } = this.#deps;
    const { socket } = res;
    const isShort = chunk.length > 0 && chunk.length <= shortBytes;
    const isFramed = this.#begun && res.chunkedEncoding && isShort;
    this.#begun = true;
    const through = isFramed && socket?.writable === true ? socket : res;
    if (through === res) keepBoundaries(socket);
    if (through.write(through === res ? chunk : framed(chunk))) return true;
    listener.blocked(true);
    through.once('drain', () => {
      listener.blocked(false);
      resume();
    });
    return false;
  }
}

/** A chunk as it goes over the wire (RFC 9112 7.1). Node's response makes four writes of it: an eighth of what a chunk costs. */
function framed(chunk: Buffer): Buffer {
  const size = `${chunk.length.toString(16)}\r\n`;
  const bytes = Buffer.allocUnsafe(size.length + chunk.length + 2);
  bytes.write(size, 0, 'latin1');
  bytes.set(chunk, size.length);
  bytes.write('\r\n', size.length + chunk.length, 'latin1');
  return bytes;
}

// Node merges what is written in one tick into one HTTP chunk, unless the socket is corked already.
function keepBoundaries(socket: Socket | null): void {
  if (socket === null || socket.writableCorked > 0) return;
  socket.cork();
  process.nextTick(uncork, socket);
}

function uncork(socket: Socket): void {
  socket.uncork();
}
