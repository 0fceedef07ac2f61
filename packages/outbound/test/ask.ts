import { inspect } from 'node:util';
import type { Dispatcher } from 'undici';
import { createOutbound, type Outbound, type OutboundOptions } from '../src/outbound.ts';

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
export function through(outbound: Outbound, origin: string, proxyUrl = ''): Dispatcher {
  return outbound.dispatcher({
    origin,
    proxyUrl,
    connectTimeoutMs: 10_000,
    idleTimeoutMs: 60_000,
    maxIdlePerHost: 50,
    maxIdleTotal: 100,
  });
}

/** Sends a POST with raw headers. Resolves to the answer; rejects with what the dispatcher says. */
export async function ask(
  dispatcher: Dispatcher,
  path = '/a%2Fb?q=1',
): Promise<{ status: number; text: string }> {
  const { statusCode, body } = await dispatcher.request({
    path,
    method: 'POST',
    headers: ['x-one', '1', 'x-one', '2'],
    body: 'hello',
  });
  return { status: statusCode, text: await body.text() };
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
