import type { Duplex } from 'node:stream';
import { inspect } from 'node:util';
import { createOutbound, type Outbound, type OutboundOptions } from '../src/outbound.ts';
import type { UpstreamDispatcher, UpstreamRequest } from '../src/upstream-dispatcher.ts';

/** An outbound of a machine without proxies, but for what is given. */
export function outboundWith(
  options: { environment?: Partial<OutboundOptions['environment']>; forbidPrivate?: true } = {},
): Outbound {
  return createOutbound({
    environment: { httpProxy: '', httpsProxy: '', noProxy: '', ...options.environment },
    forbidPrivate: options.forbidPrivate === true,
  });
}

/** The dispatcher for an origin with ample limits. */
export function through(outbound: Outbound, origin: string, proxyUrl = ''): UpstreamDispatcher {
  return outbound.dispatcher({
    origin,
    proxyUrl,
    connectTimeoutMs: 10_000,
    idleTimeoutMs: 60_000,
    maxIdlePerHost: 50,
    maxIdleTotal: 100,
  });
}

/** What a request brought. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly chunks: readonly string[];
  readonly text: string;
}

/** Sends a request, a GET of `/` but for what is given. Resolves to the whole answer; rejects with what the listener is told, or when `signal` aborts it. */
export function send(
  dispatcher: UpstreamDispatcher,
  { signal, ...request }: Partial<UpstreamRequest> & { readonly signal?: AbortSignal } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const answer = { status: 0, headers: [] as readonly string[], chunks: [] as string[] };
    const call = dispatcher.dispatch(
      { method: 'GET', path: '/', headers: [], body: null, ...request },
      {
        sent: () => undefined,
        headers: (status, _statusText, headers) => Object.assign(answer, { status, headers }),
        data: (chunk) => answer.chunks.push(chunk.toString()),
        end: () => resolve({ ...answer, text: answer.chunks.join('') }),
        failed: reject,
      },
    );
    signal?.addEventListener('abort', () => {
      call.abort();
      reject(new Error('aborted'));
    });
  });
}

/** Asks for another protocol. Resolves to the connection that speaks it. */
export function upgrade(dispatcher: UpstreamDispatcher): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    dispatcher.dispatch(
      { method: 'GET', path: '/', headers: [], body: null, upgrade: 'x' },
      {
        sent: () => undefined,
        headers: (status) => reject(new Error(`answered ${status}`)),
        data: () => undefined,
        end: () => undefined,
        failed: reject,
        upgraded: (_status, _headers, socket) => resolve(socket),
      },
    );
  });
}

/** Sends a POST with raw headers. */
export function ask(dispatcher: UpstreamDispatcher, path = '/a%2Fb?q=1'): Promise<Answer> {
  const headers = ['x-one', '1', 'x-one', '2'];
  return send(dispatcher, { path, method: 'POST', headers, body: Buffer.from('hello') });
}

/** Why a request failed, with everything a logger could find in the error. */
export async function failureOf(asked: Promise<unknown>): Promise<{ code: unknown; all: string }> {
  try {
    await asked;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return { code, all: inspect(error, { depth: 10, showHidden: true }) };
  }
  throw new Error('the request did not fail');
}
