import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import { UpstreamDispatcher } from './connections.ts';
import { refused } from './http-tunnel.ts';
import { proxyAuthorization, type ProxyAddress } from './proxy-url.ts';

/** Where an {@link AbsoluteForm} sends: `forward` reaches the proxy, `tunnel` the upstream through it. */
export interface AbsoluteFormOptions {
  readonly origin: string;
  readonly proxy: ProxyAddress;
  readonly forward: UpstreamDispatcher;
  readonly tunnel: UpstreamDispatcher;
}

/** Sends plain http requests to a proxy, with the whole address as their target (RFC 9112, 3.2.2); upgrades by a tunnel. */
export class AbsoluteForm extends UpstreamDispatcher {
  readonly #options: AbsoluteFormOptions;
  readonly #authorization: string | null;
  readonly #waiting = new WeakMap<Dispatcher.DispatchHandler, ProxyAnswer>();

  constructor(options: AbsoluteFormOptions) {
    super();
    this.#options = options;
    this.#authorization = proxyAuthorization(options.proxy);
  }

  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    const { origin, proxy, forward, tunnel } = this.#options;
    if (typeof options.upgrade === 'string' || options.upgrade === true) {
      return tunnel.dispatch(options, handler);
    }
    const answer = new ProxyAnswer(handler, proxy);
    this.#waiting.set(handler, answer);
    const sent: Dispatcher.DispatchOptions = { ...options, path: `${origin}${options.path}` };
    if (this.#authorization !== null) {
      sent.headers = withHeader(options.headers, 'proxy-authorization', this.#authorization);
    }
    return forward.dispatch(sent, answer);
  }

  override abandon(handler: Dispatcher.DispatchHandler): boolean {
    const answer = this.#waiting.get(handler);
    const { forward, tunnel } = this.#options;
    return answer === undefined ? tunnel.abandon(handler) : forward.abandon(answer);
  }

  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | void {
    const { forward, tunnel } = this.#options;
    const closed = Promise.all([forward.close(), tunnel.close()]).then(() => undefined);
    if (callback === undefined) return closed;
    void closed.then(callback);
  }

  override destroy(): Promise<void>;
  override destroy(error: Error | null): Promise<void>;
  override destroy(callback: () => void): void;
  override destroy(error: Error | null, callback: () => void): void;
  override destroy(
    error?: Error | null | (() => void),
    callback?: () => void,
  ): Promise<void> | void {
    const reason = error instanceof Error ? error : null;
    const { forward, tunnel } = this.#options;
    const destroyed = Promise.all([forward.destroy(reason), tunnel.destroy(reason)]);
    const told = typeof error === 'function' ? error : callback;
    if (told === undefined) return destroyed.then(() => undefined);
    void destroyed.then(told);
  }
}

function withHeader(
  headers: Dispatcher.DispatchOptions['headers'],
  name: string,
  value: string,
): NonNullable<Dispatcher.DispatchOptions['headers']> {
  if (headers === undefined || headers === null) return [name, value];
  if (Array.isArray(headers)) return [...headers, name, value];
  if (Symbol.iterator in headers) return new Map([...headers, [name, value]]);
  return { ...headers, [name]: value };
}

/** Hands an answer on, but for the proxy's own refusal, which is no answer of the upstream. */
class ProxyAnswer implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #proxy: ProxyAddress;

  constructor(handler: Dispatcher.DispatchHandler, proxy: ProxyAddress) {
    this.#handler = handler;
    this.#proxy = proxy;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Parameters<NonNullable<Dispatcher.DispatchHandler['onRequestUpgrade']>>[2],
    socket: Duplex,
  ): void {
    this.#handler.onRequestUpgrade?.(controller, statusCode, headers, socket);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2],
    statusMessage?: string,
  ): void {
    if (statusCode === 407) controller.abort(refused(this.#proxy, statusCode));
    else this.#handler.onResponseStart?.(controller, statusCode, headers, statusMessage);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(
    controller: Dispatcher.DispatchController,
    trailers: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseEnd']>>[1],
  ): void {
    this.#handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#handler.onResponseError?.(controller, error);
  }
}
