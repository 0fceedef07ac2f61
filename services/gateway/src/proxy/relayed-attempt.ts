import type { Clock } from '@keymux/service';
import { Attempt, type AttemptRequest } from '../upstream/attempt.ts';
import type { Target } from '../upstream/choose-target.ts';
import type { Deadlines } from '../upstream/deadlines.ts';
import type { Dispatchers } from '../upstream/dispatchers.ts';
import type { ExchangeRequest } from './exchange-request.ts';
import type { Prepared } from './prepare-request.ts';
import { Relay } from './relay.ts';
import type { RelayListener } from './relay-listener.ts';
import { createUsageReader } from './usage-reader.ts';

/** An attempt and what brings its answer to the client. */
export interface RelayedAttempt {
  readonly relay: Relay;
  readonly attempt: Attempt;
}

/** Makes an attempt of a request that is about to be sent to a target. */
export function relayedAttempt(
  deps: { readonly clock: Clock; readonly deadlines: Deadlines; readonly listener: RelayListener },
  request: ExchangeRequest,
  { group }: Target,
): RelayedAttempt {
  const { req, res, record, extraHeaders, path } = request;
  const { clock, deadlines, listener } = deps;
  const { channel, settings } = group;
  const relay: Relay = new Relay({
    res,
    requestId: record.requestId,
    extraHeaders,
    listener,
    usageReader: (answer) => createUsageReader(channel.name, answer),
    contentExpected: req.method === 'POST' && channel.inference('POST', path),
    resume: () => attempt.resume(),
  });
  const now = (): number => clock.now();
  const attempt = new Attempt({ listener: relay, timeouts: settings, deadlines, now });
  return { relay, attempt };
}

/** What is sent to a target, with its key. */
export function attemptRequest(
  dispatchers: Dispatchers,
  { req, query, headers }: ExchangeRequest,
  about: { readonly target: Target; readonly prepared: Prepared; readonly secret: string },
): AttemptRequest {
  const { target, prepared, secret } = about;
  const { upstream, group } = target;
  return {
    dispatcher: dispatchers.of(upstream, group.settings),
    origin: upstream.origin,
    method: req.method ?? 'GET',
    path: upstream.basePath + prepared.path + query,
    headers: prepared.headers.concat(
      group.channel.credentialHeaders(secret, prepared.path, headers.names),
    ),
    body: prepared.open(),
  };
}
