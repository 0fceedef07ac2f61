import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { OutboundError } from '../outbound-error.ts';

/** A body on its way from a stream to a connection, at the pace of the connection. */
export class StreamedBody {
  readonly #stream: Readable;
  readonly #socket: Socket;
  /** Null sends it in chunks. */
  readonly #sizeBytes: number | null;
  readonly #failed: (error: Error) => void;
  #sentBytes = 0;
  #ended = false;

  constructor(
    stream: Readable,
    to: {
      readonly socket: Socket;
      readonly sizeBytes: number | null;
      readonly failed: (error: Error) => void;
    },
  ) {
    this.#stream = stream;
    this.#socket = to.socket;
    this.#sizeBytes = to.sizeBytes;
    this.#failed = to.failed;
    stream.on('data', this.#data);
    stream.on('end', this.#end);
    stream.on('error', this.#error);
    stream.on('close', this.#close);
  }

  /** Whether all of it was written. */
  get whole(): boolean {
    return this.#ended;
  }

  /** Sends no more of it and frees the stream. */
  stop(): void {
    this.#detach();
    this.#ended = true;
    this.#stream.destroy();
  }

  readonly #data = (chunk: Buffer): void => {
    if (chunk.length === 0) return;
    this.#sentBytes += chunk.length;
    if (this.#sizeBytes !== null && this.#sentBytes > this.#sizeBytes) {
      this.#fail(new OutboundError('BODY_LENGTH', 'the body is longer than its content-length'));
      return;
    }
    if (this.#write(chunk)) return;
    this.#stream.pause();
    this.#socket.once('drain', this.#drain);
  };

  #write(chunk: Buffer): boolean {
    if (this.#sizeBytes !== null) return this.#socket.write(chunk);
    this.#socket.cork();
    this.#socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
    this.#socket.write(chunk);
    const flowing = this.#socket.write('\r\n', 'latin1');
    this.#socket.uncork();
    return flowing;
  }

  readonly #drain = (): void => {
    this.#stream.resume();
  };

  readonly #end = (): void => {
    if (this.#sizeBytes !== null && this.#sentBytes !== this.#sizeBytes) {
      this.#fail(new OutboundError('BODY_LENGTH', 'the body is shorter than its content-length'));
      return;
    }
    this.#ended = true;
    this.#detach();
    if (this.#sizeBytes === null) this.#socket.write('0\r\n\r\n', 'latin1');
  };

  readonly #error = (error: Error): void => this.#fail(error);

  readonly #close = (): void => {
    this.#fail(new OutboundError('BODY_LENGTH', 'the body ended early'));
  };

  #fail(error: Error): void {
    if (this.#ended) return;
    this.stop();
    this.#failed(error);
  }

  #detach(): void {
    this.#socket.off('drain', this.#drain);
    this.#stream.off('data', this.#data);
    this.#stream.off('end', this.#end);
    this.#stream.off('close', this.#close);
    // The listener of errors stays: one without any would end the process.
  }
}
