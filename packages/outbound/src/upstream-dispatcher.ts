import type { Duplex, Readable } from 'node:stream';

/** A request to one upstream. */
export interface UpstreamRequest {
  readonly method: string;
  /** The target as it goes on the wire: a path with its query. */
  readonly path: string;
  /** Names and values in turn, in their order and case; those of one connection are not among them. */
  readonly headers: readonly string[];
  /** A stream whose length no `content-length` tells is sent in chunks. */
  readonly body: Buffer | Readable | null;
  /** The protocol that the upstream is asked to speak after its answer (RFC 9110 7.8). */
  readonly upgrade?: string;
}

/** Who is told what a request brings; after `end`, `failed` or `upgraded` nothing more is told, and nothing before `dispatch` returned but `sent`. */
export interface CallListener {
  /** There is a connection and the request is on its way: the upstream may act on it. */
  sent(): void;
  /** The head of the answer, names and values in turn; interim answers (1xx) are not told. */
  headers(status: number, statusText: string, headers: readonly string[]): void;
  /** A piece of the body, never more than one HTTP chunk. */
  data(chunk: Buffer): void;
  /** The answer is whole. */
  end(): void;
  /** There is no answer, or it is not whole; the error has a code. */
  failed(error: Error): void;
  /** The upstream speaks the other protocol now. Who listens owns the connection, which is paused; without a listener it is ended. */
  upgraded?(status: number, headers: readonly string[], socket: Duplex): void;
}

/** A request under way. */
export interface UpstreamCall {
  /** Ends it with its connection, also while that is opened; nothing more is told. */
  abort(): void;
  /** Takes nothing more from the connection; nothing more is told until `resume`. */
  pause(): void;
  resume(): void;
}

/** Sends requests to one upstream. */
export interface UpstreamDispatcher {
  /** Throws a TypeError for a request that cannot be written; everything else comes through the listener. */
  dispatch(request: UpstreamRequest, listener: CallListener): UpstreamCall;
}
