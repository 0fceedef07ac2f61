import type { Duplex } from 'node:stream';
import type { Vault } from '@keymux/vault';
import { Attempt, type AttemptListener } from '../upstream/attempt.ts';
import type { AttemptFailure } from '../upstream/attempt-failure.ts';
import type { Target } from '../upstream/choose-target.ts';
import type { Deadlines } from '../upstream/deadlines.ts';
import type { Dispatchers } from '../upstream/dispatchers.ts';
import type { GatewayErrorCode } from './gateway-error.ts';
import type { LogRecord } from './log-record.ts';
import type { Prepared } from './prepare-request.ts';
import { endWithError, responseHead } from './raw-response.ts';
import { refusedRecord } from './refusal.ts';
import { readResponseHeaders } from './response-headers.ts';
import { type RowDeps, writeRow } from './write-row.ts';

/** A client's connection, what it sent after its request, and what it asks to speak. */
export interface UpgradeClient {
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly protocol: string;
}

export interface UpgradeExchangeDeps extends RowDeps {
  readonly vault: Vault;
  readonly deadlines: Deadlines;
  readonly dispatchers: Dispatchers;
}

/** What an upgrade is about. */
interface About {
  readonly client: UpgradeClient;
  readonly record: LogRecord;
  readonly target: Target;
}

/** The way of one upgrade from its attempt to its log row. */
export class UpgradeExchange implements AttemptListener {
  readonly #deps: UpgradeExchangeDeps;
  readonly #about: About;
  readonly #done: () => void;
  #settled = false;

  constructor(deps: UpgradeExchangeDeps, about: About, done: () => void) {
    this.#deps = deps;
    this.#about = about;
    this.#done = done;
  }

  start(prepared: Prepared, query: string): void {
    const { client, record, target } = this.#about;
    const { group, key, upstream } = target;
    const { deadlines, clock, vault, dispatchers } = this.#deps;
    const timeouts = group.settings;
    const now = (): number => clock.now();
    const attempt = new Attempt({ timeouts, deadlines, now, listener: this });
    client.socket.once('close', () => {
      if (record.status === 0) record.status = 499;
      attempt.abandon('the client went away');
      this.#settle();
    });
    key.secret ??= vault.open(key.sealed);
    attempt.start({
      dispatcher: dispatchers.of(upstream, group.settings),
      origin: upstream.origin,
      method: 'GET',
      path: upstream.basePath + prepared.path + query,
      headers: [
        ...prepared.headers,
        ...group.channel.credentialHeaders(key.secret, prepared.path, new Set()),
      ],
      body: null,
      upgrade: client.protocol,
    });
  }

  headers(status: number, statusText: string, raw: readonly (Buffer | string)[]): void {
    const { client, record } = this.#about;
    record.status = status;
    const { forwarded } = readResponseHeaders(raw, record.requestId);
    client.socket.write(responseHead(status, statusText, [...forwarded, 'connection', 'close']));
  }

  data(chunk: Buffer): boolean {
    this.#about.client.socket.write(chunk);
    return true;
  }

  end(): void {
    this.#about.client.socket.end();
    this.#settle();
  }

  failed(failure: AttemptFailure): void {
    const { client, record, target } = this.#about;
    target.upstream.health.failure(this.#deps.clock.now());
    if (record.status !== 0) {
      client.socket.destroy();
      this.#settle();
      return;
    }
    const code = codeOf(failure);
    this.#end(refusedRecord({ code, record }));
    endWithError(client.socket, code, { requestId: record.requestId, headers: [] });
  }

  upgraded(status: number, raw: readonly (Buffer | string)[], upstream: Duplex): void {
    const { client, record, target } = this.#about;
    record.status = status;
    record.ttfbMs = this.#deps.clock.now() - record.startMs;
    target.upstream.health.success();
    const headers = raw.map((each) => (typeof each === 'string' ? each : each.toString('latin1')));
    headers.push('x-request-id', record.requestId);
    client.socket.write(responseHead(status, 'Switching Protocols', headers));
    if (client.head.length > 0) upstream.write(client.head);
    join(client.socket, upstream);
    upstream.once('close', () => this.#settle());
  }

  #settle(): void {
    if (this.#settled) return;
    const { record, target } = this.#about;
    const { key, upstream } = target;
    const { status } = record;
    record.attemptStartsMs.push(record.startMs);
    record.attempts.push({
      key_id: key.id,
      key: key.masked,
      upstream: upstream.url,
      status,
      verdict: status === 101 ? 'success' : status === 499 ? 'client' : 'upstream',
      rule: 'upgrade',
      ms: this.#deps.clock.now() - record.startMs,
    });
    if (status === 101) record.keyId = key.id;
    this.#end(record);
  }

  #end(record: LogRecord): void {
    this.#settled = true;
    writeRow(this.#deps, record);
    this.#done();
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

function codeOf(failure: AttemptFailure): GatewayErrorCode {
  return failure.kind.endsWith('timeout') ? 'upstream_timeout' : 'upstream_unreachable';
}
