import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { AwaitsRow } from '../../outbox/outbox.ts';

/** Node sends so short a text together with the head without allocating; a buffer it sends beside the head. */
const shortBytes = 8_192;

/** Keeps the end of an answer back until its row is on disk: a crash in between must not lose it. */
export class LastBytes implements AwaitsRow {
  readonly #res: ServerResponse;
  readonly #finished: () => void;
  /** The last chunk of a body whose length is known. */
  #kept: Buffer | null = null;
  /** Holds the client's last bytes. */
  #socket: Socket | null = null;
  #rowAwaited = false;
  #afterRow: 'nothing' | 'end' | 'cut' = 'nothing';

  /** `finished` is told when all of the answer was handed to the client's connection. */
  constructor(res: ServerResponse, finished: () => void) {
    this.#res = res;
    this.#finished = finished;
  }

  /** Writes this when the row is on disk. */
  keep(chunk: Buffer): void {
    this.#kept = chunk;
  }

  /** What is written from now on waits for the row. */
  hold(): void {
    const { socket } = this.#res;
    if (socket === null) return;
    socket.cork();
    this.#socket = socket;
  }

  /** The row is under way. */
  awaitRow(): void {
    this.#rowAwaited = true;
  }

  /** The row is on disk. */
  written(): void {
    this.#rowAwaited = false;
    if (this.#kept !== null) this.#writeWhole(this.#kept);
    this.#kept = null;
    if (this.#afterRow === 'end') this.end();
    this.#socket?.uncork();
    this.#socket = null;
    if (this.#afterRow === 'cut') this.cut();
  }

  /** The answer is complete. */
  end(): void {
    if (this.#rowAwaited) {
      this.#afterRow = 'end';
      return;
    }
    this.#res.end();
    this.#finished();
  }

  /** The answer ends here without being complete. */
  cut(): void {
    if (this.#rowAwaited) this.#afterRow = 'cut';
    else this.#res.destroy();
  }

  // All that is left, at once: Node would wait for the end of this turn of the event loop, and end with an empty write.
  #writeWhole(chunk: Buffer): void {
    const { socket } = this.#res;
    socket?.cork();
    if (chunk.length > shortBytes) this.#res.write(chunk);
    else this.#res.write(chunk.toString('latin1'), 'latin1');
    socket?.uncork();
  }
}
