import type { Duplex } from 'node:stream';
import type {
  CallListener,
  UpstreamCall,
  UpstreamDispatcher,
  UpstreamRequest,
} from '@keymux/outbound';
import type { Seat } from '../seats.ts';
import { type AttemptFailure, type AttemptPhase, failureOf, timeoutOf } from './attempt-failure.ts';
import type { Bounded, Deadlines } from './deadlines.ts';

/** Who is told what an attempt brings. `data` answers false to pause it until `resume`. */
export interface AttemptListener {
  headers(status: number, statusText: string, rawHeaders: readonly string[]): void;
  data(chunk: Buffer): boolean;
  end(): void;
  failed(failure: AttemptFailure): void;
  upgraded?(status: number, rawHeaders: readonly string[], socket: Duplex): void;
}

export interface AttemptRequest extends UpstreamRequest {
  readonly dispatcher: UpstreamDispatcher;
}

export interface AttemptTimeouts {
  readonly connectTimeoutMs: number;
  readonly responseHeaderTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  readonly streamIdleTimeoutMs: number;
}

/** One try of one request at one upstream with one key: sends it and tells what comes, as it comes. */
export class Attempt implements CallListener, Bounded {
  deadlineMs: number;
  readonly #listener: AttemptListener;
  readonly #timeouts: AttemptTimeouts;
  readonly #deadlines: Deadlines;
  readonly #now: () => number;
  #phase: AttemptPhase = 'connecting';
  #call: UpstreamCall | undefined;
  #seat: Seat<Bounded> | undefined;
  #paused = false;
  #wasSent = false;
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
  get wasSent(): boolean {
    return this.#wasSent;
  }

  /** Sends; everything else comes through the listener. Throws when the request is malformed. */
  start(request: AttemptRequest): void {
    this.#seat = this.#deadlines.add(this);
    this.#call = request.dispatcher.dispatch(request, this);
  }

  /** Ends the attempt and frees its connection at once; nothing more is told. */
  abandon(): void {
    if (this.#abandoned || this.#phase === 'ended') return;
    this.#abandoned = true;
    this.#close();
    this.#call?.abort();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.deadlineMs = this.#now() + this.#timeouts.streamIdleTimeoutMs;
    this.#call?.resume();
  }

  overdue(): void {
    const failure = timeoutOf(this.#phase);
    if (failure === null) return;
    this.abandon();
    this.#listener.failed(failure);
  }

  sent(): void {
    this.#wasSent = true;
    this.#phase = 'waiting';
    this.deadlineMs = this.#now() + this.#timeouts.responseHeaderTimeoutMs;
  }

  headers(status: number, statusText: string, rawHeaders: readonly string[]): void {
    this.#phase = 'first-byte';
    this.deadlineMs = this.#now() + this.#timeouts.firstByteTimeoutMs;
    this.#listener.headers(status, statusText, rawHeaders);
  }

  data(chunk: Buffer): void {
    this.#phase = 'body';
    this.deadlineMs = this.#now() + this.#timeouts.streamIdleTimeoutMs;
    if (this.#listener.data(chunk) || this.#abandoned) return;
    this.#paused = true;
    // A client that reads slowly is not the upstream's silence.
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#call?.pause();
  }

  end(): void {
    this.#close();
    this.#listener.end();
  }

  failed(error: Error): void {
    if (this.#phase === 'ended') return;
    this.#close();
    this.#listener.failed(failureOf(error, this.#wasSent));
  }

  upgraded(status: number, rawHeaders: readonly string[], socket: Duplex): void {
    this.#close();
    if (this.#listener.upgraded === undefined) socket.destroy();
    else this.#listener.upgraded(status, rawHeaders, socket);
  }

  #close(): void {
    this.#phase = 'ended';
    if (this.#seat !== undefined) this.#deadlines.remove(this.#seat);
  }
}
