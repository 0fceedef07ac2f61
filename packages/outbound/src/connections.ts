import { Client, Dispatcher, errors } from 'undici';
import type { Connect } from './connector.ts';
import { type IdleEntry, type IdleRegister, newIdleEntry } from './idle-register.ts';

/** Sends requests to one upstream. */
export abstract class UpstreamDispatcher extends Dispatcher {
  /**
   * Ends a request that still waits for its connection, which undici cannot abort; its handler gets an error. False when it
   * does not wait: then the controller of its handler aborts it.
   */
  abstract abandon(handler: Dispatcher.DispatchHandler): boolean;
}

/** How many connections are kept, how long, and who is told. */
export interface ConnectionsOptions {
  readonly origin: string;
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

/** One connection: an undici client that works on one request at a time. */
class Connection {
  readonly client: Client;
  readonly idleEntry: IdleEntry;
  state: 'busy' | 'idle' | 'ended' = 'busy';
  connected = false;
  handler: Dispatcher.DispatchHandler | null = null;
  cancel: (() => void) | null = null;

  constructor({ origin, connect, idleTimeoutMs }: ConnectionsOptions, end: () => void) {
    this.idleEntry = newIdleEntry(end);
    this.client = new Client(origin, {
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: idleTimeoutMs,
      keepAliveMaxTimeout: idleTimeoutMs,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: ({ servername }, connected) => {
        this.cancel = connect(servername ?? null, (error, socket) => {
          this.cancel = null;
          if (error !== null) connected(error, null);
          else if (socket !== null) connected(null, socket);
        });
      },
    });
  }
}

/**
 * A connection for each running request, and a few kept idle. undici's Pool bounds connections, so that requests would queue
 * behind streams; Go's `MaxIdleConnsPerHost`, which the setting means, bounds only what is kept.
 */
export class Connections extends UpstreamDispatcher {
  readonly #options: ConnectionsOptions;
  readonly #open = new Set<Connection>();
  /** The last one used is used first, so that surplus ones grow old. */
  readonly #idle: Connection[] = [];
  #closed = false;

  constructor(options: ConnectionsOptions) {
    super();
    this.#options = options;
  }

  /** Open connections, and how many of them wait for a request. */
  get counts(): { open: number; idle: number } {
    return { open: this.#open.size, idle: this.#idle.length };
  }

  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    if (this.#closed || this.#options.ended()) return this.#refuse(options, handler);
    const connection = this.#takeIdle() ?? this.#add();
    connection.handler = handler;
    connection.client.dispatch(options, handler);
    // A malformed request, or one that ended within the call: undici tells of it in more than one way.
    if (connection.client.stats.size === 0) this.#end(connection);
    return true;
  }

  override abandon(handler: Dispatcher.DispatchHandler): boolean {
    for (const connection of this.#open) {
      if (connection.handler !== handler) continue;
      if (connection.connected) return false;
      this.#end(connection, new errors.RequestAbortedError('abandoned while connecting'));
      return true;
    }
    return false;
  }

  /** Ends idle connections at once and the others when their request is done; nothing new is sent. */
  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | void {
    this.#closed = true;
    while (this.#idle.length > 0) this.#endIdle();
    const ends = Array.from(this.#open, (connection) => connection.client.close());
    return settle(ends, callback);
  }

  /** Ends every connection and fails the requests on them. */
  override destroy(): Promise<void>;
  override destroy(error: Error | null): Promise<void>;
  override destroy(callback: () => void): void;
  override destroy(error: Error | null, callback: () => void): void;
  override destroy(
    error?: Error | null | (() => void),
    callback?: () => void,
  ): Promise<void> | void {
    this.#closed = true;
    const reason = error instanceof Error ? error : new errors.ClientDestroyedError();
    const ends = Array.from(this.#open, (connection) => this.#end(connection, reason));
    return settle(ends, typeof error === 'function' ? error : callback);
  }

  #endIdle(): void {
    const connection = this.#idle.at(-1);
    if (connection !== undefined) void this.#end(connection);
  }

  #takeIdle(): Connection | undefined {
    const connection = this.#idle.pop();
    if (connection === undefined) return undefined;
    this.#options.register.remove(connection.idleEntry);
    connection.state = 'busy';
    return connection;
  }

  #add(): Connection {
    const connection: Connection = new Connection(this.#options, () => void this.#end(connection));
    connection.client
      .on('connect', () => {
        connection.connected = true;
      })
      .on('disconnect', () => {
        connection.connected = false;
        if (connection.state === 'idle') this.#end(connection);
      })
      .on('drain', () => this.#rest(connection));
    this.#open.add(connection);
    if (this.#open.size === 1) this.#options.onUse(true);
    return connection;
  }

  /** After its request: kept for the next one, or ended. */
  #rest(connection: Connection): void {
    if (connection.state !== 'busy' || connection.client.stats.size > 0) return;
    connection.handler = null;
    const { register, maxIdlePerHost, maxIdleTotal } = this.#options;
    if (this.#closed || !connection.connected || this.#idle.length >= maxIdlePerHost) {
      this.#end(connection);
      return;
    }
    connection.state = 'idle';
    this.#idle.push(connection);
    register.add(connection.idleEntry, maxIdleTotal);
  }

  #end(connection: Connection, error?: Error): Promise<void> {
    const { client } = connection;
    if (connection.state !== 'ended') {
      if (connection.state === 'idle') {
        this.#idle.splice(this.#idle.indexOf(connection), 1);
        this.#options.register.remove(connection.idleEntry);
      }
      connection.state = 'ended';
      connection.handler = null;
      this.#open.delete(connection);
      if (this.#open.size === 0) this.#options.onUse(false);
    }
    const ended = error === undefined ? client.close() : client.destroy(error);
    connection.cancel?.();
    return ended;
  }

  /** Fails a request the way undici does. */
  #refuse(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const closed = new Client(this.#options.origin);
    void closed.close();
    return closed.dispatch(options, handler);
  }
}

function settle(ends: Promise<void>[], callback?: () => void): Promise<void> | void {
  const settled = Promise.all(ends).then(() => undefined);
  if (callback === undefined) return settled;
  void settled.then(callback);
}
