import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Attempt, type AttemptFailure } from '../upstream/attempt.ts';
import { chooseTarget, type Target } from '../upstream/choose-target.ts';
import { type GatewayErrorCode, gatewayErrors } from './gateway-error.ts';
import type { LogRecord } from './log-record.ts';
import { prepareRequest } from './prepare-request.ts';
import type { Proxy, ProxyDeps } from './proxy.ts';
import { noBody } from './request-body.ts';
import { readResponseHeaders } from './response-headers.ts';

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
    const { group, record, headers, address } = admission.admitted;
    record.streaming = true;
    const nowMs = this.#deps.clock.now();
    const unprepared = {
      headers,
      body: noBody,
      path: address.path,
      bodyModel: new URLSearchParams(address.query).get('model'),
      via: headers.via === null ? this.#deps.instance : `${headers.via}, ${this.#deps.instance}`,
    };
    const choice = chooseTarget(group, {
      tried: { keys: [], upstreams: [] },
      modelOf: (each) => prepareRequest(each, unprepared).model,
      otherUpstream: false,
      nowMs,
    });
    if (choice.kind !== 'target') {
      this.#refuse(socket, record, choice.kind === 'no-key' ? 'no_key' : 'no_upstream');
      return;
    }
    const prepared = prepareRequest(choice.target.group, unprepared);
    record.group = choice.target.group.name;
    record.model = unprepared.bodyModel;
    record.modelSent = prepared.model ?? unprepared.bodyModel;
    this.#connect(req, { socket, head }, choice.target, { record, prepared, query: address.query });
  }

  #connect(
    req: IncomingMessage,
    client: { socket: Duplex; head: Buffer },
    target: Target,
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

  #refuse(socket: Duplex, record: LogRecord, code: GatewayErrorCode): void {
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
