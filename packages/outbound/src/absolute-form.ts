import type { Duplex } from 'node:stream';
import { refused } from './http-tunnel.ts';
import { proxyAuthorization, type ProxyAddress } from './proxy-url.ts';
import type {
  CallListener,
  UpstreamCall,
  UpstreamDispatcher,
  UpstreamRequest,
} from './upstream-dispatcher.ts';

/** Where an {@link AbsoluteForm} sends: `forward` reaches the proxy, `tunnel` the upstream through it. */
export interface AbsoluteFormOptions {
  readonly origin: string;
  readonly proxy: ProxyAddress;
  readonly forward: UpstreamDispatcher;
  readonly tunnel: UpstreamDispatcher;
}

/** Sends plain http requests to a proxy, with the whole address as their target (RFC 9112, 3.2.2); upgrades by a tunnel. */
export class AbsoluteForm implements UpstreamDispatcher {
  readonly #options: AbsoluteFormOptions;
  readonly #authorization: string | null;

  constructor(options: AbsoluteFormOptions) {
    this.#options = options;
    this.#authorization = proxyAuthorization(options.proxy);
  }

  dispatch(request: UpstreamRequest, listener: CallListener): UpstreamCall {
    const { origin, proxy, forward, tunnel } = this.#options;
    if (request.upgrade !== undefined) return tunnel.dispatch(request, listener);
    const headers =
      this.#authorization === null
        ? request.headers
        : [...request.headers, 'proxy-authorization', this.#authorization];
    const answer = new ProxyAnswer(listener, proxy);
    const sent = { ...request, path: `${origin}${request.path}`, headers };
    return answer.of(forward.dispatch(sent, answer));
  }
}

/** Hands an answer on, but for the proxy's own refusal, which is no answer of the upstream. */
class ProxyAnswer implements CallListener {
  readonly #listener: CallListener;
  readonly #proxy: ProxyAddress;
  #call: UpstreamCall | undefined;

  constructor(listener: CallListener, proxy: ProxyAddress) {
    this.#listener = listener;
    this.#proxy = proxy;
  }

  of(call: UpstreamCall): UpstreamCall {
    this.#call = call;
    return call;
  }

  sent(): void {
    this.#listener.sent();
  }

  headers(status: number, statusText: string, headers: readonly string[]): void {
    if (status !== 407) {
      this.#listener.headers(status, statusText, headers);
      return;
    }
    this.#call?.abort();
    this.#listener.failed(refused(this.#proxy, status));
  }

  data(chunk: Buffer): void {
    this.#listener.data(chunk);
  }

  end(): void {
    this.#listener.end();
  }

  failed(error: Error): void {
    this.#listener.failed(error);
  }

  upgraded(status: number, headers: readonly string[], socket: Duplex): void {
    this.#listener.upgraded?.(status, headers, socket);
  }
}
