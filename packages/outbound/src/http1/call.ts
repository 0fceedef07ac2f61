import type { CallListener, UpstreamCall, UpstreamRequest } from '../upstream-dispatcher.ts';
import type { RequestHead } from './request-head.ts';

/** What a call may do with the connection that it has to itself. */
interface Carrier {
  end(): void;
  pause(): void;
  resume(): void;
}

/** One request on its connection, which is no longer its own when it has ended. */
export class Call implements UpstreamCall {
  readonly request: UpstreamRequest;
  readonly head: RequestHead;
  readonly listener: CallListener;
  readonly #carrier: Carrier;
  ended = false;

  constructor(
    carrier: Carrier,
    of: {
      readonly request: UpstreamRequest;
      readonly head: RequestHead;
      readonly listener: CallListener;
    },
  ) {
    this.#carrier = carrier;
    this.request = of.request;
    this.head = of.head;
    this.listener = of.listener;
  }

  abort(): void {
    if (!this.ended) this.#carrier.end();
  }

  pause(): void {
    if (!this.ended) this.#carrier.pause();
  }

  resume(): void {
    if (!this.ended) this.#carrier.resume();
  }
}
