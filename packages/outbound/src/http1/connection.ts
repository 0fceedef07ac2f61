import type { Socket } from 'node:net';
import type { Connect } from '../connector.ts';
import { OutboundError } from '../outbound-error.ts';
import type { CallListener, UpstreamCall, UpstreamRequest } from '../upstream-dispatcher.ts';
import { Call } from './call.ts';
import type { StreamedBody } from './request-body.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';
import { type ResponseFraming, restMsOf } from './response-framing.ts';
import { ResponseReader, type ResponseSink } from './response-reader.ts';
import { writeRequest } from './write-request.ts';

export interface ConnectionOwner {
  /** Its request is done: it waits for another one, which it can take for so long, ms; null says no limit. */
  rested(connection: Connection, keepAliveMs: number | null): void;
  /** It is no more, or belongs to somebody else. */
  gone(connection: Connection): void;
}

/** A connection to an upstream that carries one request at a time (RFC 9112). */
export class Connection implements ResponseSink {
  readonly #owner: ConnectionOwner;
  readonly #reader = new ResponseReader(this);
  #cancel: (() => void) | null = null;
  #socket: Socket | null = null;
  #call: Call | null = null;
  #body: StreamedBody | null = null;
  #framing: ResponseFraming | null = null;
  /** What a switch of protocols answered. */
  #switched: ResponseHead | null = null;
  #ended = false;

  constructor(connect: Connect, servername: string | null, owner: ConnectionOwner) {
    this.#owner = owner;
    this.#cancel = connect(servername, (error, socket) => {
      this.#cancel = null;
      if (socket === null) this.#fail(error ?? new Error('no connection'));
      else if (this.#ended) socket.destroy();
      else this.#opened(socket);
    });
  }

  /** Sends a request as soon as the connection is open; it must not have another one. */
  send(request: UpstreamRequest, head: RequestHead, listener: CallListener): UpstreamCall {
    const call = new Call(this, { request, head, listener });
    this.#call = call;
    if (this.#socket !== null) this.#write(this.#socket, call);
    return call;
  }

  /** Ends it; its request is told nothing, or that it failed with `error`. */
  end(error?: Error): void {
    if (error !== undefined) {
      this.#fail(error);
      return;
    }
    if (this.#ended) return;
    this.#ended = true;
    this.#finish();
    this.#reader.stop();
    this.#cancel?.();
    this.#cancel = null;
    this.#socket?.destroy();
    this.#owner.gone(this);
  }

  pause(): void {
    this.#reader.pause();
    this.#socket?.pause();
  }

  resume(): void {
    try {
      this.#reader.resume();
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (!this.#reader.paused) this.#socket?.resume();
  }

  head(head: ResponseHead, framing: ResponseFraming): void {
    this.#framing = framing;
    if (framing.body.kind === 'upgrade') this.#switched = head;
    else this.#call?.listener.headers(head.status, head.statusText, head.headers);
  }

  data(chunk: Buffer): void {
    this.#call?.listener.data(chunk);
  }

  whole(rest: Buffer): void {
    const call = this.#call;
    const socket = this.#socket;
    if (call === null || socket === null) return;
    if (this.#switched !== null) {
      this.#handOver(call, socket, this.#switched, rest);
      return;
    }
    const restMs = this.#framing === null ? 0 : restMsOf(this.#framing);
    const isOver = this.#body === null || this.#body.whole;
    if (restMs === 0 || !isOver || rest.length > 0 || call.request.upgrade !== undefined)
      this.end();
    else {
      this.#finish();
      this.#owner.rested(this, restMs);
    }
    try {
      call.listener.end();
    } catch (error) {
      call.listener.failed(toError(error));
    }
  }

  #opened(socket: Socket): void {
    this.#socket = socket;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
    if (this.#call !== null) this.#write(socket, this.#call);
  }

  #write(socket: Socket, call: Call): void {
    const { request, head, listener } = call;
    const { body, method, upgrade } = request;
    this.#reader.expect({ method, upgrade: upgrade !== undefined });
    listener.sent();
    if (call.ended) return;
    this.#body = writeRequest(socket, { head, body }, (error) => this.#fail(error));
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#call === null) {
      // Nobody asked: what comes is the answer of no request.
      this.end();
      return;
    }
    try {
      this.#reader.read(chunk);
    } catch (error) {
      this.#fail(error);
    }
  };

  readonly #onEnd = (): void => {
    try {
      this.#reader.close();
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.#call === null) this.end();
  };

  readonly #onError = (error: Error): void => this.#fail(error);

  readonly #onClose = (): void => {
    // After its end the reader knows whether that was the end of the answer.
    if (this.#reader.closed) return;
    this.#fail(new OutboundError('CUT_OFF', 'the connection to the upstream was closed'));
  };

  #fail(error: unknown): void {
    if (this.#ended) return;
    const call = this.#call;
    this.end();
    call?.listener.failed(toError(error));
  }

  /** The call is over. */
  #finish(): void {
    if (this.#call !== null) this.#call.ended = true;
    this.#call = null;
    this.#framing = null;
    if (this.#body !== null && !this.#body.whole) this.#body.stop();
    this.#body = null;
  }

  #handOver(call: Call, socket: Socket, { status, headers }: ResponseHead, rest: Buffer): void {
    const { listener } = call;
    if (listener.upgraded === undefined) {
      this.#fail(new OutboundError('INVALID_RESPONSE', 'nobody takes another protocol'));
      return;
    }
    socket.pause();
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    if (rest.length > 0) socket.unshift(rest);
    this.#ended = true;
    this.#finish();
    this.#owner.gone(this);
    listener.upgraded(status, headers, socket);
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
