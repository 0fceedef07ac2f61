import { isIP } from 'node:net';
import type { Connect } from './connector.ts';
import { Connection, type ConnectionOwner } from './http1/connection.ts';
import { requestHead } from './http1/request-head.ts';
import { type IdleEntry, type IdleRegister, newIdleEntry } from './idle-register.ts';
import { OutboundError } from './outbound-error.ts';
import type {
  CallListener,
  UpstreamCall,
  UpstreamDispatcher,
  UpstreamRequest,
} from './upstream-dispatcher.ts';

/** How many connections are kept, how long, and who is told. */
export interface ConnectionsOptions {
  /** As a request names it: with its port unless it is the usual one. */
  readonly host: string;
  readonly connect: Connect;
  readonly idleTimeoutMs: number;
  /** Most connections kept without a request; requests never wait for one. */
  readonly maxIdlePerHost: number;
  /** The same over all upstreams that share `register`. */
  readonly maxIdleTotal: number;
  readonly register: IdleRegister;
  /** True when nothing may be sent any more. */
  readonly ended: () => boolean;
  /** Told when the first connection is opened and when the last is gone. */
  readonly onUse: (inUse: boolean) => void;
}

/** A connection's place among the others. */
interface Place {
  readonly connection: Connection;
  /** The name that its certificate was asked for; null is the upstream's own. */
  readonly servername: string | null;
  readonly idleEntry: IdleEntry;
  /** When it has waited long enough for a request. */
  idleUntilMs: number;
}

/**
 * A connection for each running request, and a few kept idle. Connections in use have no bound, or requests would queue behind
 * streams; Go's `MaxIdleConnsPerHost`, which the setting means, bounds only what is kept.
 */
export class Connections implements UpstreamDispatcher, ConnectionOwner {
  readonly #options: ConnectionsOptions;
  readonly #open = new Map<Connection, Place>();
  /** The last one used is used first, so that surplus ones grow old. */
  readonly #idle: Place[] = [];
  #idleTimer: NodeJS.Timeout | null = null;
  #idleTimerMs = Number.POSITIVE_INFINITY;
  #closed = false;
  #whenEmpty: (() => void) | null = null;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** Open connections, and how many of them wait for a request. */
  get counts(): { open: number; idle: number } {
    return { open: this.#open.size, idle: this.#idle.length };
  }

  dispatch(request: UpstreamRequest, listener: CallListener): UpstreamCall {
    const head = requestHead(request, this.#options.host);
    if (this.#closed || this.#options.ended()) return refuse(listener);
    const servername = serverNameOf(head.namedHost);
    const connection = this.#takeIdle(servername) ?? this.#add(servername);
    return connection.send(request, head, listener);
  }

  /** Ends idle connections at once and the others when their request is done; nothing new is sent. */
  close(): Promise<void> {
    this.#closed = true;
    for (const { connection } of this.#idle.slice()) connection.end();
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenEmpty = resolve;
    });
  }

  /** Ends every connection and fails the requests on them. */
  destroy(): void {
    this.#closed = true;
    for (const connection of this.#open.keys()) {
      connection.end(new OutboundError('CLOSED', 'Keymux ended the connection'));
    }
  }

  rested(connection: Connection, keepAliveMs: number | null): void {
    const { register, idleTimeoutMs, maxIdlePerHost, maxIdleTotal } = this.#options;
    const place = this.#open.get(connection);
    if (place === undefined || this.#closed || this.#idle.length >= maxIdlePerHost) {
      connection.end();
      return;
    }
    const idleMs = keepAliveMs === null ? idleTimeoutMs : Math.min(idleTimeoutMs, keepAliveMs);
    const nowMs = performance.now();
    place.idleUntilMs = nowMs + idleMs;
    this.#idle.push(place);
    if (place.idleUntilMs < this.#idleTimerMs) this.#endOldAt(place.idleUntilMs, nowMs);
    register.add(place.idleEntry, maxIdleTotal);
  }

  gone(connection: Connection): void {
    const place = this.#open.get(connection);
    if (place === undefined) return;
    this.#open.delete(connection);
    const at = this.#idle.indexOf(place);
    if (at !== -1) {
      this.#idle.splice(at, 1);
      this.#options.register.remove(place.idleEntry);
    }
    if (this.#open.size > 0) return;
    this.#stopTimer();
    this.#options.onUse(false);
    this.#whenEmpty?.();
  }

  #takeIdle(servername: string | null): Connection | undefined {
    for (let at = this.#idle.length - 1; at >= 0; at -= 1) {
      const place = this.#idle[at];
      if (place === undefined || place.servername !== servername) continue;
      this.#idle.splice(at, 1);
      this.#options.register.remove(place.idleEntry);
      return place.connection;
    }
    return undefined;
  }

  #add(servername: string | null): Connection {
    const connection = new Connection(this.#options.connect, servername, this);
    this.#open.set(connection, {
      connection,
      servername,
      idleEntry: newIdleEntry(() => connection.end()),
      idleUntilMs: 0,
    });
    if (this.#open.size === 1) this.#options.onUse(true);
    return connection;
  }

  #endOld(): void {
    this.#stopTimer();
    const nowMs = performance.now();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { connection, idleUntilMs } of this.#idle.slice()) {
      if (idleUntilMs <= nowMs) connection.end();
      else nextMs = Math.min(nextMs, idleUntilMs);
    }
    if (nextMs !== Number.POSITIVE_INFINITY) this.#endOldAt(nextMs, nowMs);
  }

  #endOldAt(atMs: number, nowMs: number): void {
    this.#stopTimer();
    this.#idleTimerMs = atMs;
    this.#idleTimer = setTimeout(() => this.#endOld(), Math.ceil(atMs - nowMs));
    // Idle connections do not keep a process that has nothing else to do.
    this.#idleTimer.unref();
  }

  #stopTimer(): void {
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
    this.#idleTimerMs = Number.POSITIVE_INFINITY;
  }
}

/** What a server is asked for by the host that a request names; empty for an address, which is no name (RFC 6066 3). */
function serverNameOf(host: string | null): string | null {
  if (host === null) return null;
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return isIP(name) === 0 ? name : '';
}

function refuse(listener: CallListener): UpstreamCall {
  let told = false;
  queueMicrotask(() => {
    if (told) return;
    told = true;
    listener.failed(new OutboundError('CLOSED', 'Keymux ends and sends no more requests'));
  });
  return {
    abort: () => {
      told = true;
    },
    pause: () => undefined,
    resume: () => undefined,
  };
}
