import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { AwaitsRow } from '../../outbox/outbox.ts';

/** Keeps the end of an answer back until its row is on disk: a crash in between must not lose it. */
export class LastBytes implements AwaitsRow {
  readonly #res: ServerResponse;
  readonly #finished: () => void;
  /** Holds the client's last bytes. */
  #socket: Socket | null = null;
  #rowAwaited = false;
  #afterRow: 'nothing' | 'end' | 'cut' = 'nothing';

  /** `finished` is told when all of the answer was handed to the client's connection. */
  constructor(res: ServerResponse, finished: () => void) {
    this.#res = res;
    this.#finished = finished;
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
}
