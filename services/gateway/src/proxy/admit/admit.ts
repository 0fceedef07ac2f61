import type { IncomingMessage } from 'node:http';
import { type Channel, channelByName } from '@keymux/channels';
import { type Clock, newId } from '@keymux/service';
import type { Vault } from '@keymux/vault';
import type { LiveConfig } from '../../live-config/live-config.ts';
import type { LiveGroup } from '../../live-config/live-group.ts';
import { type Address, parseAddress } from './address.ts';
import { createFingerprints } from './fingerprints.ts';
import type { GatewayErrorCode } from '../gateway-error/gateway-error.ts';
import type { InFlight } from './in-flight.ts';
import { loggedQuery } from './logged-query.ts';
import { type LogRecord, newRecord } from '../row/log-record.ts';
import { type ProxyKey, readProxyKey } from './proxy-key.ts';
import { readRequestHeaders, type RequestHeaders } from '../headers/request-headers.ts';
import type { TrustedProxies } from '../headers/source-ip.ts';
import { readTraceParent } from '../headers/traceparent.ts';

export interface AdmitDeps {
  readonly live: LiveConfig;
  readonly clock: Clock;
  readonly vault: Vault;
  readonly trusted: TrustedProxies;
  readonly inFlight: InFlight;
  readonly maxConcurrentRequests: number;
  /** Names this installation in `x-keymux-via`. */
  readonly instance: string;
  /** A config and all pools were loaded. */
  readonly ready: () => boolean;
}

/** A request that may be forwarded. */
export interface Admitted {
  readonly kind: 'admitted';
  readonly group: LiveGroup;
  readonly record: LogRecord;
  readonly headers: RequestHeaders;
  readonly address: Address;
  /** The fingerprint of the client's proxy key. */
  readonly proxyKey: string;
}

/** A request that is answered by the gateway itself. */
export interface Refusal {
  readonly kind: 'refused';
  readonly code: GatewayErrorCode;
  readonly channel: Channel;
  readonly record: LogRecord;
  /** When the client may come again; as the code has it by default. */
  readonly retryAfterMs?: number;
}

/** Decides whether a request may be forwarded at all. */
export type Admit = (req: IncomingMessage) => Admitted | Refusal;

export function createAdmit(deps: AdmitDeps): Admit {
  const { live, clock, trusted, instance, inFlight } = deps;
  const fingerprints = createFingerprints(deps.vault);
  return (req) => {
    const snapshot = live.snapshot;
    const url = req.url ?? '/';
    const address = parseAddress(url) ?? { group: '', path: '/', query: '', queryKey: null };
    const headers = readRequestHeaders(req.rawHeaders);
    const group = snapshot.groups.get(address.group);
    const record = newRecord({
      requestId: newId(),
      startMs: clock.now(),
      method: req.method ?? 'GET',
      path: address.path + loggedQuery(address.query),
      sourceIp: trusted.sourceIp(req.socket.remoteAddress ?? '', headers.forwardedFor),
      revision: snapshot.revision,
    });
    record.userAgent = headers.userAgent;
    record.traceParent = readTraceParent(headers.traceparent);
    record.traceId = record.traceParent?.traceId ?? null;
    const channel = group?.channel ?? guessChannel(address.path);
    const refused = (code: GatewayErrorCode): Refusal => ({
      kind: 'refused',
      code,
      channel,
      record,
    });
    if (inFlight.draining) return refused('draining');
    if (!deps.ready()) return refused('not_ready');
    if (group === undefined) return refused('unknown_group');
    record.group = group.name;
    record.channel = group.channel.name;
    if (group.type === 'aggregate') record.aggregate = group.name;
    const proxyKey: ProxyKey = readProxyKey(headers, address.queryKey, {
      global: snapshot.proxyKeys,
      group: group.proxyKeys,
      fingerprints,
    });
    if (proxyKey.kind !== 'valid') {
      return refused(proxyKey.kind === 'missing' ? 'missing_proxy_key' : 'invalid_proxy_key');
    }
    record.proxyKey = proxyKey.name;
    if (!group.enabled) return refused('group_disabled');
    if (headers.via?.split(',').some((each) => each.trim() === instance) === true) {
      return refused('loop_detected');
    }
    // Its answer repeats the request: the client would read the upstream's key (RFC 9110 9.3.8).
    if (req.method === 'TRACE') return refused('bad_request');
    if (inFlight.count >= deps.maxConcurrentRequests) return refused('overloaded');
    return {
      kind: 'admitted',
      group,
      record,
      headers,
      address,
      proxyKey: proxyKey.fingerprint,
    };
  };
}

function guessChannel(path: string): Channel {
  if (/\/v1(beta|alpha)\//.test(path)) return channelByName('gemini');
  if (/\/v1\/messages\b/.test(path)) return channelByName('anthropic');
  return channelByName('openai');
}
