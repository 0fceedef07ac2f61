import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Attempt, type AttemptFailure } from '../upstream/attempt.ts';
import type { PermittedChoice } from '../limits/key-limits.ts';
import { type GatewayErrorCode, gatewayErrors } from './gateway-error.ts';
import type { LogRecord } from './log-record.ts';
import { prepareRequest, type UnpreparedRequest } from './prepare-request.ts';
import type { Admitted, Proxy, ProxyDeps } from './proxy.ts';
import { noBody } from './request-body.ts';
import { readResponseHeaders } from './response-headers.ts';

/** A client's connection, and what it sent after its request. */
interface Client {
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Brings WebSocket upgrades to an upstream: one attempt, then bytes both ways until one side closes. */
export class Upgrades {
  readonly #deps: ProxyDeps;
  readonly #proxy: Proxy;
  readonly #open = new Set<Duplex>();

  constructor(deps: ProxyDeps, proxy: Proxy) {
    this.#deps = deps;
    this.#proxy = proxy;
  }

  /** Ends the connections that are open. */
  closeAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  handle(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const admission = this.#proxy.admit(req);
    if (admission.kind === 'refused') {
      this.#refuse(socket, admission.record, admission.code);
      return;
    }
    const { admitted } = admission;
    const { proxyKeyAllowance } = admitted.group.settings;
    if (proxyKeyAllowance === null) {
      this.#choose(req, { socket, head }, admitted);
      return;
    }
    void this.#proxy.refusedByLimit(admitted).then((refused) => {
      if (refused === null) this.#choose(req, { socket, head }, admitted);
      else this.#refuse(socket, refused.record, refused.code, refused.retryAfterMs);
    });
  }

  #choose(req: IncomingMessage, client: Client, admitted: Admitted): void {
    const { group, record, headers, address } = admitted;
    record.streaming = true;
    const nowMs = this.#deps.clock.now();
    const unprepared = {
      headers,
      body: noBody,
      path: address.path,
      bodyModel: new URLSearchParams(address.query).get('model'),
      via: headers.via === null ? this.#deps.instance : `${headers.via}, ${this.#deps.instance}`,
    };
    const choice = this.#deps.limits.choose(group, {
      tried: { keys: [], upstreams: [] },
      modelOf: (each) => prepareRequest(each, unprepared).model,
      otherUpstream: false,
      nowMs,
    });
    const proceed = (chosen: PermittedChoice): void =>
      this.#proceed(req, client, { chosen, admitted, unprepared });
    if (choice instanceof Promise) void choice.then(proceed);
    else proceed(choice);
  }

  #proceed(
    req: IncomingMessage,
    client: Client,
    about: { chosen: PermittedChoice; admitted: Admitted; unprepared: UnpreparedRequest },
  ): void {
    const { chosen, admitted, unprepared } = about;
    const { record, address } = admitted;
    if (chosen.kind !== 'target') {
      const code = chosen.kind === 'no-key' ? 'no_key' : 'no_upstream';
      const soonestMs = chosen.kind === 'no-key' ? chosen.soonestMs : undefined;
      const waitMs = soonestMs === undefined ? undefined : soonestMs - this.#deps.clock.now();
      this.#refuse(client.socket, record, code, waitMs);
      return;
    }
    if (client.socket.destroyed) {
      // The client left while the limits were asked.
      chosen.permit?.end();
      this.#proxy.writeRow({ ...record, status: 499, atFault: 'client' });
      return;
    }
    const prepared = prepareRequest(chosen.target.group, unprepared);
    record.group = chosen.target.group.name;
    record.model = unprepared.bodyModel;
    record.modelSent = prepared.model ?? unprepared.bodyModel;
    this.#connect(req, client, chosen, { record, prepared, query: address.query });
  }

  #connect(
    req: IncomingMessage,
    client: Client,
    { target, permit }: Extract<PermittedChoice, { kind: 'target' }>,
    about: { record: LogRecord; prepared: ReturnType<typeof prepareRequest>; query: string },
  ): void {
    const { socket, head } = client;
    const { record, prepared, query } = about;
    const { group, key, upstream } = target;
    const leave = this.#proxy.enter();
    let settled = false;
    const settle = (): void => {
      if (settled) return;
      settled = true;
      this.#open.delete(socket);
      record.attempts.push({
        key_id: key.id,
        key: key.masked,
        upstream: upstream.url,
        status: record.status,
        verdict: record.status === 101 ? 'success' : record.status === 499 ? 'client' : 'upstream',
        rule: 'upgrade',
        ms: this.#deps.clock.now() - record.startMs,
      });
      if (record.status === 101) record.keyId = key.id;
      this.#proxy.writeRow(record);
      permit?.end();
      leave();
    };
    const attempt = new Attempt({
      timeouts: group.settings,
      deadlines: this.#deps.deadlines,
      now: () => this.#deps.clock.now(),
      listener: {
        headers: (status, statusText, raw) => {
          record.status = status;
          const { forwarded } = readResponseHeaders(raw, record.requestId);
          socket.write(responseHead(status, statusText, [...forwarded, 'connection', 'close']));
        },
        data: (chunk) => {
          socket.write(chunk);
          return true;
        },
        end: () => {
          socket.end();
          settle();
        },
        failed: (failure: AttemptFailure) => {
          upstream.health.failure(this.#deps.clock.now());
          if (record.status === 0) {
            settled = true;
            permit?.end();
            leave();
            this.#refuse(socket, record, codeOf(failure));
          } else {
            socket.destroy();
            settle();
          }
        },
        upgraded: (status, raw, other) => {
          record.status = status;
          record.ttfbMs = this.#deps.clock.now() - record.startMs;
          upstream.health.success();
          socket.write(
            responseHead(status, 'Switching Protocols', upgradeHeaders(raw, record.requestId)),
          );
          if (head.length > 0) other.write(head);
          join(socket, other);
          other.once('close', settle);
        },
      },
    });
    this.#open.add(socket);
    socket.once('close', () => {
      if (record.status === 0) record.status = 499;
      attempt.abandon('the client went away');
      settle();
    });
    key.secret ??= this.#deps.vault.open(key.sealed);
    attempt.start({
      dispatcher: this.#deps.dispatchers.of(upstream, group.settings),
      origin: upstream.origin,
      method: 'GET',
      path: upstream.basePath + prepared.path + query,
      headers: [
        ...prepared.headers,
        ...group.channel.credentialHeaders(key.secret, prepared.path, new Set()),
      ],
      body: null,
      upgrade: req.headers.upgrade ?? 'websocket',
    });
  }

  #refuse(socket: Duplex, record: LogRecord, code: GatewayErrorCode, waitMs = 0): void {
    const { status, message } = gatewayErrors[code];
    record.status = status;
    record.atFault = status < 500 ? 'client' : 'gateway';
    record.error = message;
    this.#proxy.writeRow(record);
    const body = JSON.stringify({ error: { message, code } });
    socket.end(
      `${responseHead(status, 'Refused', [
        'content-type',
        'application/json',
        'content-length',
        String(Buffer.byteLength(body)),
        'x-request-id',
        record.requestId,
        'x-keymux-error',
        code,
        ...(waitMs > 0 ? ['retry-after', String(Math.ceil(waitMs / 1_000))] : []),
        'connection',
        'close',
      ])}${body}`,
    );
  }
}

/** Joins two connections: bytes and back-pressure both ways, and the end of one is the end of both. */
function join(client: Duplex, upstream: Duplex): void {
  client.pipe(upstream);
  upstream.pipe(client);
  client.once('close', () => upstream.destroy());
  upstream.once('close', () => client.destroy());
  upstream.on('error', () => client.destroy());
}

function responseHead(status: number, text: string, headers: readonly string[]): string {
  let head = `HTTP/1.1 ${status} ${text}\r\n`;
  for (let at = 0; at + 1 < headers.length; at += 2)
    head += `${headers[at]}: ${headers[at + 1]}\r\n`;
  return `${head}\r\n`;
}

function upgradeHeaders(raw: readonly (Buffer | string)[], requestId: string): string[] {
  const headers = raw.map((each) => (typeof each === 'string' ? each : each.toString('latin1')));
  return [...headers, 'x-request-id', requestId];
}

function codeOf(failure: AttemptFailure): GatewayErrorCode {
  return failure.kind.endsWith('timeout') ? 'upstream_timeout' : 'upstream_unreachable';
}
