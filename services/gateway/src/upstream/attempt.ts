import type { Duplex, Readable } from 'node:stream';
import type { UpstreamDispatcher } from '@keymux/outbound';
import type { Dispatcher } from 'undici';
import type { Seat } from '../seats.ts';
import type { Bounded, Deadlines } from './deadlines.ts';

/** Why an attempt has no (whole) answer. */
export type AttemptFailure =
  | { readonly kind: 'connect-error'; readonly message: string }
  | { readonly kind: 'tls-error'; readonly message: string }
  | { readonly kind: 'reset'; readonly message: string }
  | { readonly kind: 'invalid-response'; readonly message: string }
  | { readonly kind: 'connect-timeout' }
  | { readonly kind: 'header-timeout' }
  | { readonly kind: 'first-byte-timeout' }
  | { readonly kind: 'stream-idle-timeout' };

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

type Phase = 'connecting' | 'waiting' | 'first-byte' | 'body' | 'ended';

/** One try of one request at one upstream with one key: sends it and tells what comes, as it comes. */
export class Attempt implements Dispatcher.DispatchHandler, Bounded {
  deadlineMs: number;
  readonly #listener: AttemptListener;
  readonly #timeouts: AttemptTimeouts;
  readonly #deadlines: Deadlines;
  readonly #now: () => number;
  #phase: Phase = 'connecting';
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

function timeoutOf(phase: Phase): AttemptFailure | null {
  switch (phase) {
    case 'connecting':
      return { kind: 'connect-timeout' };
    case 'waiting':
      return { kind: 'header-timeout' };
    case 'first-byte':
      return { kind: 'first-byte-timeout' };
    case 'body':
      return { kind: 'stream-idle-timeout' };
    case 'ended':
      return null;
  }
}

/** Reads a failure off the code of undici's or Node's error, never off its text. */
export function failureOf(error: Error, sent: boolean): AttemptFailure {
  const code =
    codeOf(error) ?? (error.cause instanceof Error ? codeOf(error.cause) : undefined) ?? '';
  const message = code === '' ? error.message : `${code}: ${error.message}`;
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return { kind: 'connect-timeout' };
  if (isTlsCode(code)) return { kind: 'tls-error', message };
  if (
    code.startsWith('HPE_') ||
    code === 'UND_ERR_HEADERS_OVERFLOW' ||
    code.startsWith('UND_ERR_RES')
  ) {
    return { kind: 'invalid-response', message };
  }
  return sent ? { kind: 'reset', message } : { kind: 'connect-error', message };
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function isTlsCode(code: string): boolean {
  return (
    code.startsWith('ERR_TLS') ||
    code.startsWith('ERR_SSL') ||
    code.startsWith('CERT_') ||
    code.startsWith('UNABLE_TO_') ||
    code === 'EPROTO' ||
    code === 'DEPTH_ZERO_SELF_SIGNED_CERT' ||
    code === 'SELF_SIGNED_CERT_IN_CHAIN' ||
    code === 'HOSTNAME_MISMATCH'
  );
}
