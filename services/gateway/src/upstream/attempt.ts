import type { Duplex, Readable } from 'node:stream';
import type { UpstreamDispatcher } from '@keymux/outbound';
import type { Dispatcher } from 'undici';
import type { Seat } from '../seats.ts';
import { type AttemptFailure, type AttemptPhase, failureOf, timeoutOf } from './attempt-failure.ts';
import type { Bounded, Deadlines } from './deadlines.ts';

/** Who is told what an attempt brings. `data` answers false to pause it until `resume`. */
export interface AttemptListener {
  headers(status: number, statusText: string, rawHeaders: readonly (Buffer | string)[]): void;
  data(chunk: Buffer): boolean;
  end(): void;
  failed(failure: AttemptFailure): void;
  upgraded?(status: number, rawHeaders: readonly (Buffer | string)[], socket: Duplex): void;
}

export interface AttemptRequest {
  readonly dispatcher: UpstreamDispatcher;
  readonly origin: string;
  readonly method: string;
  readonly path: string;
  /** Flat list of names and values. */
  readonly headers: string[];
  readonly body: Buffer | Readable | null;
  readonly upgrade?: string;
}

export interface AttemptTimeouts {
  readonly connectTimeoutMs: number;
  readonly responseHeaderTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  readonly streamIdleTimeoutMs: number;
}

/** One try of one request at one upstream with one key: sends it and tells what comes, as it comes. */
export class Attempt implements Dispatcher.DispatchHandler, Bounded {
  deadlineMs: number;
  readonly #listener: AttemptListener;
  readonly #timeouts: AttemptTimeouts;
  readonly #deadlines: Deadlines;
  readonly #now: () => number;
  #phase: AttemptPhase = 'connecting';
  #controller: Dispatcher.DispatchController | undefined;
  #dispatcher: UpstreamDispatcher | undefined;
  #seat: Seat<Bounded> | undefined;
  #paused = false;
  #sent = false;
  #abandoned = false;

  constructor(deps: {
    listener: AttemptListener;
    timeouts: AttemptTimeouts;
    deadlines: Deadlines;
    now: () => number;
  }) {
    this.#listener = deps.listener;
    this.#timeouts = deps.timeouts;
    this.#deadlines = deps.deadlines;
    this.#now = deps.now;
    // The connector has its own limit; this one covers also what it does not, such as a proxy.
    this.deadlineMs = this.#now() + this.#timeouts.connectTimeoutMs + 1_000;
  }

  /** Whether the request went out: the upstream may have acted on it. */
  get sent(): boolean {
    return this.#sent;
  }

  /** Sends; everything else comes through the listener. Throws when the request is malformed. */
  start(request: AttemptRequest): void {
    this.#seat = this.#deadlines.add(this);
    this.#dispatcher = request.dispatcher;
    const options: Dispatcher.DispatchOptions = {
      origin: request.origin,
      path: request.path,
      method: request.method,
      headers: request.headers,
      body: request.body,
      headersTimeout: 0,
      bodyTimeout: 0,
      ...(request.upgrade === undefined ? {} : { upgrade: request.upgrade }),
    };
    request.dispatcher.dispatch(options, this);
  }

  /** Ends the attempt and frees its connection at once; nothing more is told. */
  abandon(reason: string): void {
    if (this.#abandoned || this.#phase === 'ended') return;
    this.#abandoned = true;
    this.#close();
    if (this.#controller === undefined) this.#dispatcher?.abandon(this);
    else this.#controller.abort(new Error(reason));
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.deadlineMs = this.#now() + this.#timeouts.streamIdleTimeoutMs;
    this.#controller?.resume();
  }

  overdue(): void {
    const failure = timeoutOf(this.#phase);
    if (failure === null) return;
    this.abandon(failure.kind);
    this.#listener.failed(failure);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#abandoned) {
      controller.abort(new Error('abandoned'));
      return;
    }
    this.#sent = true;
    this.#phase = 'waiting';
    this.deadlineMs = this.#now() + this.#timeouts.responseHeaderTimeoutMs;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    _headers: unknown,
    statusMessage?: string,
  ): void {
    if (this.#abandoned || statusCode < 200) return;
    this.#phase = 'first-byte';
    this.deadlineMs = this.#now() + this.#timeouts.firstByteTimeoutMs;
    this.#listener.headers(statusCode, statusMessage ?? '', rawHeadersOf(controller));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#abandoned) return;
    this.#phase = 'body';
    this.deadlineMs = this.#now() + this.#timeouts.streamIdleTimeoutMs;
    if (this.#listener.data(chunk) || this.#abandoned) return;
    this.#paused = true;
    // A client that reads slowly is not the upstream's silence.
    this.deadlineMs = Number.POSITIVE_INFINITY;
    controller.pause();
  }

  onResponseEnd(): void {
    if (this.#abandoned) return;
    this.#close();
    this.#listener.end();
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#abandoned || this.#phase === 'ended') return;
    const sent = this.#sent;
    this.#close();
    this.#listener.failed(failureOf(error, sent));
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    _headers: unknown,
    socket: Duplex,
  ): void {
    this.#close();
    if (this.#abandoned || this.#listener.upgraded === undefined) socket.destroy();
    else this.#listener.upgraded(statusCode, rawHeadersOf(controller), socket);
  }

  #close(): void {
    this.#phase = 'ended';
    if (this.#seat !== undefined) this.#deadlines.remove(this.#seat);
  }
}

function rawHeadersOf(controller: Dispatcher.DispatchController): readonly (Buffer | string)[] {
  const raw = controller.rawHeaders;
  return Array.isArray(raw) ? raw : [];
}
