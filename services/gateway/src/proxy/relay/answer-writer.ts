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

/** Writes an upstream's answer to the client, at the client's pace. */
export class AnswerWriter {
  readonly #deps: AnswerWriterDeps;

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
    keepBoundaries(res);
    if (res.write(chunk)) return true;
    listener.blocked(true);
    res.once('drain', () => {
      listener.blocked(false);
      resume();
    });
    return false;
  }
}

// Node merges what is written in one tick into one HTTP chunk, unless the socket is corked already.
function keepBoundaries({ socket }: ServerResponse): void {
  if (socket === null || socket.writableCorked > 0) return;
  socket.cork();
  process.nextTick(uncork, socket);
}

function uncork(socket: Socket): void {
  socket.uncork();
}
