import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Channel, channelByName } from '@keymux/channels';
import { newId } from '@keymux/service';
import type { LiveConfig } from '../live-config/live-config.ts';
import type { LiveGroup } from '../live-config/live-group.ts';
import { Seats } from '../seats.ts';
import { type Address, parseAddress } from './address.ts';
import { Exchange, type ExchangeDeps } from './exchange.ts';
import { createFingerprints, type Fingerprints } from './fingerprints.ts';
import { type GatewayErrorCode, gatewayErrors } from './gateway-error.ts';
import { type LogRecord, newRecord, toRow, traceIdOf } from './log-record.ts';
import { type ProxyKey, readProxyKey } from './proxy-key.ts';
import { type BodyLimits, hasBody, noBody, readBody, type RequestBody } from './request-body.ts';
import { readRequestHeaders, type RequestHeaders } from './request-headers.ts';
import { sendGatewayError } from './send-error.ts';
import type { TrustedProxies } from './source-ip.ts';
import { readTopLevel } from './top-level-json.ts';

export interface ProxyDeps extends ExchangeDeps {
  readonly live: LiveConfig;
  readonly trusted: TrustedProxies;
  readonly bodyLimits: BodyLimits;
  readonly maxConcurrentRequests: number;
  /** Names this installation in `x-keymux-via`. */
  readonly instance: string;
  /** A config and all pools were loaded. */
  readonly ready: () => boolean;
}

/** A request that may be forwarded. */
export interface Admitted {
  readonly group: LiveGroup;
  readonly record: LogRecord;
  readonly headers: RequestHeaders;
  readonly address: Address;
  /** The fingerprint of the client's proxy key. */
  readonly proxyKey: string;
}

export type Admission =
  | { readonly kind: 'admitted'; readonly admitted: Admitted }
  | {
      readonly kind: 'refused';
      readonly code: GatewayErrorCode;
      readonly channel: Channel;
      readonly record: LogRecord;
      readonly retryAfterMs?: number;
    };

/** The data plane: every request to `/proxy/{group}/…`. */
export class Proxy {
  readonly #deps: ProxyDeps;
  readonly #fingerprints: Fingerprints;
  readonly #exchanges = new Seats<Exchange>();
  #active = 0;
  #draining = false;
  #idle: (() => void) | undefined;

  constructor(deps: ProxyDeps) {
    this.#deps = deps;
    this.#fingerprints = createFingerprints(deps.vault);
  }

  get active(): number {
    return this.#active;
  }

  /** From now on only what runs already goes on. */
  drain(): void {
    this.#draining = true;
  }

  /** Ends what still runs. */
  interruptAll(): void {
    this.#exchanges.forEach((exchange) => exchange.interrupt());
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    if (this.#active === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    await promise;
  }

  handle(req: IncomingMessage, res: ServerResponse, extraHeaders: readonly string[]): void {
    const admission = this.admit(req);
    if (admission.kind === 'refused') {
      this.#refuse(req, res, admission, extraHeaders);
      return;
    }
    const { admitted } = admission;
    const leave = this.enter();
    const { proxyKeyAllowance } = admitted.group.settings;
    if (proxyKeyAllowance === null) {
      this.#carry(req, res, { admitted, extraHeaders, leave });
      return;
    }
    void this.refusedByLimit(admitted).then((refused) => {
      if (refused === null) {
        this.#carry(req, res, { admitted, extraHeaders, leave });
        return;
      }
      this.#refuse(req, res, refused, extraHeaders);
      leave();
    });
  }

  /** Asks whether the client's proxy key has used up what its group allows; the refusal if so. */
  async refusedByLimit(
    admitted: Admitted,
  ): Promise<Extract<Admission, { kind: 'refused' }> | null> {
    const { group, proxyKey, record } = admitted;
    const allowance = group.settings.proxyKeyAllowance;
    if (allowance === null) return null;
    const { limits } = this.#deps;
    const retryAfterMs = await limits.proxyKeyWaitMs(group, proxyKey, allowance);
    if (retryAfterMs === 0) return null;
    const code = 'proxy_key_rate_limited';
    return { kind: 'refused', code, channel: group.channel, record, retryAfterMs };
  }

  #carry(
    req: IncomingMessage,
    res: ServerResponse,
    more: { admitted: Admitted; extraHeaders: readonly string[]; leave: () => void },
  ): void {
    const { admitted, extraHeaders, leave } = more;
    const { record } = admitted;
    // Until the body is there, a client that leaves leaves nothing but a row.
    let exchange: Exchange | undefined;
    let left = false;
    const clientLeft = (): void => {
      if (exchange !== undefined) {
        exchange.clientClosed();
        return;
      }
      left = true;
      this.writeRow({ ...record, status: 499, atFault: 'client', error: 'the client went away' });
      leave();
    };
    if (res.closed) {
      clientLeft();
      return;
    }
    res.once('close', clientLeft);
    const proceed = (body: RequestBody): void => {
      if (left) {
        body.close();
        return;
      }
      const started: Exchange = this.#exchange(req, res, admitted, {
        body,
        extraHeaders,
        leave: () => {
          this.#exchanges.leave(seat);
          leave();
        },
      });
      exchange = started;
      const seat = this.#exchanges.take(started);
      started.start();
    };
    if (hasBody(req)) readBody(req, this.#deps.bodyLimits, proceed);
    else proceed(noBody);
  }

  /** Decides whether a request may be forwarded at all. */
  admit(req: IncomingMessage): Admission {
    const { live, clock, trusted, instance } = this.#deps;
    const snapshot = live.snapshot;
    const url = req.url ?? '/';
    const address = parseAddress(url) ?? { group: '', path: '/', query: '', queryKey: null };
    const headers = readRequestHeaders(req.rawHeaders);
    const group = snapshot.groups.get(address.group);
    const record = newRecord({
      requestId: newId(),
      startMs: clock.now(),
      method: req.method ?? 'GET',
      path: address.path + address.query,
      sourceIp: trusted.sourceIp(req.socket.remoteAddress ?? '', headers.forwardedFor),
      revision: snapshot.revision,
    });
    record.userAgent = headers.userAgent;
    record.traceId = traceIdOf(headers.traceparent);
    const channel = group?.channel ?? guessChannel(address.path);
    const refused = (code: GatewayErrorCode): Admission => ({
      kind: 'refused',
      code,
      channel,
      record,
    });
    if (this.#draining) return refused('draining');
    if (!this.#deps.ready()) return refused('not_ready');
    if (group === undefined) return refused('unknown_group');
    record.group = group.name;
    record.channel = group.channel.name;
    if (group.type === 'aggregate') record.aggregate = group.name;
    const proxyKey: ProxyKey = readProxyKey(headers, address.queryKey, {
      global: snapshot.proxyKeys,
      group: group.proxyKeys,
      fingerprints: this.#fingerprints,
    });
    if (proxyKey.kind !== 'valid') {
      return refused(proxyKey.kind === 'missing' ? 'missing_proxy_key' : 'invalid_proxy_key');
    }
    record.proxyKey = proxyKey.name;
    if (!group.enabled) return refused('group_disabled');
    if (headers.via?.split(',').some((each) => each.trim() === instance) === true) {
      return refused('loop_detected');
    }
    if (this.#active >= this.#deps.maxConcurrentRequests) return refused('overloaded');
    const { fingerprint } = proxyKey;
    return {
      kind: 'admitted',
      admitted: { group, record, headers, address, proxyKey: fingerprint },
    };
  }

  /** Counts a request in; the result counts it out, once. */
  enter(): () => void {
    this.#active += 1;
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#active -= 1;
      if (this.#active === 0) this.#idle?.();
    };
  }

  /** Writes the row of a request that no exchange carried. */
  writeRow(record: LogRecord): void {
    const row = toRow(record, this.#deps.clock.now());
    this.#deps.outbox.row({
      kind: 'row',
      group: record.group,
      keyId: record.keyId,
      requestId: record.requestId,
      time: row.time,
      json: JSON.stringify(row),
    });
    this.#deps.metrics.request(record.group, record.status, row.duration_ms / 1_000);
  }

  #exchange(
    req: IncomingMessage,
    res: ServerResponse,
    { group, record, headers, address }: Admitted,
    rest: { body: RequestBody; extraHeaders: readonly string[]; leave: () => void },
  ): Exchange {
    const { body, extraHeaders, leave } = rest;
    const { instance } = this.#deps;
    const json = headers.contentType === null || headers.contentType.includes('json');
    const top =
      json && body.head.length > 0 && headers.contentEncoding === null
        ? readTopLevel(body.head)
        : { model: null, stream: null };
    const { path, query } = address;
    record.model = group.channel.modelOf({ path, bodyModel: top.model });
    record.modelSent = record.model;
    record.streaming = group.channel.isStreaming({
      method: record.method,
      path,
      query,
      accept: headers.accept,
      bodyStream: top.stream ?? undefined,
    });
    record.bytesIn = body.lengthBytes ?? body.sizeBytes;
    if (group.settings.logBodies && body.head.length > 0) {
      record.body = body.head.toString('utf8', 0, 65_536);
    }
    return new Exchange(
      this.#deps,
      {
        req,
        res,
        group,
        record,
        headers,
        body,
        path,
        query,
        bodyModel: top.model,
        streaming: record.streaming,
        extraHeaders,
        via: headers.via === null ? instance : `${headers.via}, ${instance}`,
      },
      leave,
    );
  }

  #refuse(
    req: IncomingMessage,
    res: ServerResponse,
    { code, channel, record, retryAfterMs }: Extract<Admission, { kind: 'refused' }>,
    extraHeaders: readonly string[],
  ): void {
    const { status, message } = gatewayErrors[code];
    record.status = status;
    record.atFault = status < 500 ? 'client' : 'gateway';
    record.error = message;
    this.writeRow(record);
    const busy = code === 'overloaded' || code === 'draining' || code === 'not_ready';
    const waitMs = retryAfterMs ?? (busy ? 1_000 : 0);
    sendGatewayError(res, channel, code, {
      requestId: record.requestId,
      headers: [
        ...(waitMs > 0 ? ['retry-after', String(Math.ceil(waitMs / 1_000))] : []),
        ...extraHeaders,
      ],
    });
    // What the client still sends is read and dropped, so that it can read the answer.
    req.resume();
  }
}

function guessChannel(path: string): Channel {
  if (/\/v1(beta|alpha)\//.test(path)) return channelByName('gemini');
  if (/\/v1\/messages\b/.test(path)) return channelByName('anthropic');
  return channelByName('openai');
}
