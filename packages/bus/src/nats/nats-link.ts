import type { NatsConnection } from '@nats-io/transport-node';
import { type Logger, StartProblem } from '@keymux/service';
import { Deadlines } from '../deadlines.ts';
import { BusUnavailable } from '../bus.ts';
import { pause } from '../pause.ts';
import { sentence, streamsProblem, tryToJoin } from './join.ts';
import { type NatsAddress, parseNatsUrl } from './nats-url.ts';
import { refusesCredentials } from './refusal.ts';

const firstPauseMs = 250;
const longestPauseMs = 5_000;
const handshakeMs = 5_000;
/** Between two tries to connect again, about; longer and longer up to {@link longestPauseMs} while the server refuses. */
const reconnectMs = 500;
const jitterMs = 100;
const refusal = 'the server refuses the credentials';
/** Between two signs of life that are asked of the server; it is away after two without an answer. */
const pingMs = 5_000;

export interface NatsLinkOptions {
  /** See {@link parseNatsUrl}. */
  readonly url: string;
  /** Shown by the server's monitoring. */
  readonly name: string;
  /** Copies that a cluster keeps of each stream. */
  readonly replicas: number;
  readonly log: Logger;
  /** How long a start waits for the server before it goes on without, ms; for ever by default. */
  readonly patienceMs?: number;
}

/** What wants to know of a connection. */
export interface LinkListener {
  /** At the first connection, with the streams in place; at once when there is one. */
  joined(connection: NatsConnection): void;
  /** Each time the connection is back: what was sent meanwhile may have gone by. */
  rejoined?(): void;
}

/** The connection to NATS: joined once, kept for ever. */
export class NatsLink {
  /** Waits that end at once when the server goes away. */
  readonly deadlines = new Deadlines();
  readonly #options: NatsLinkOptions;
  readonly #listeners = new Set<LinkListener>();
  readonly #closing = new AbortController();
  #shown = '';
  #connection: NatsConnection | null = null;
  #up = false;
  /** A start has gone on without the server: from now on nothing ends it. */
  #late = false;
  #refused = false;
  /** What else the server said to the last try to connect. */
  #said = '';
  #reconnectMs = reconnectMs;

  constructor(options: NatsLinkOptions) {
    this.#options = options;
  }

  /** The connection while the server is there, else null. */
  get up(): NatsConnection | null {
    return this.#up ? this.#connection : null;
  }

  /** What is in the way while it is not {@link up}, for a person. */
  get trouble(): string {
    if (this.#refused) return 'NATS refuses the credentials';
    return this.#said === '' ? 'NATS is away' : `NATS says: ${this.#said}`;
  }

  /** Adds a listener; the function takes it away. */
  listen(listener: LinkListener): () => void {
    this.#listeners.add(listener);
    if (this.#connection !== null) listener.joined(this.#connection);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Resolves when joined, or when patience ends: then it goes on trying, whatever the server says. Rejects with
   * {@link StartProblem} for an address that makes no sense and for credentials that are refused.
   */
  async start(stopping?: AbortSignal): Promise<void> {
    const { url, patienceMs, log } = this.#options;
    let address: NatsAddress;
    try {
      address = parseNatsUrl(url);
    } catch (error) {
      throw new StartProblem(`NATS_URL: ${sentence(error)}`);
    }
    this.#shown = address.shown;
    stopping?.addEventListener('abort', () => this.#closing.abort(), { once: true });
    const joining = this.#join(address);
    if (patienceMs === undefined) return joining;
    const late = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => late.resolve('late'), patienceMs);
    const first = await Promise.race([joining, late.promise]).finally(() => clearTimeout(timer));
    if (first !== 'late') return;
    this.#late = true;
    joining.catch((error: unknown) => log.error({ err: error }, 'NATS cannot be joined'));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#up = false;
    this.deadlines.endAll(new BusUnavailable('the bus is closed'));
    await this.#connection?.close();
  }

  async #join({ connection }: NatsAddress): Promise<void> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      if (this.#closing.signal.aborted) return;
      const { name, replicas, log } = this.#options;
      const options = {
        ...connection,
        name,
        timeout: handshakeMs,
        pingInterval: pingMs,
        maxPingOut: 2,
        maxReconnectAttempts: -1,
        reconnectDelayHandler: () => this.#reconnectMs + Math.random() * jitterMs,
        ignoreAuthErrorAbort: true,
        noAsyncTraces: true,
      };
      const joined = await tryToJoin(options, { replicas, log });
      if (joined.kind === 'joined') return this.#begin(joined.connection);
      if (joined.kind === 'refused' && !this.#late) {
        throw new StartProblem(`NATS_URL: ${refusal}`);
      }
      const { problem, objection } =
        joined.kind === 'failed' ? joined : { problem: refusal, objection: null };
      this.#refused = joined.kind === 'refused';
      this.#said = objection ?? '';
      this.#tellProblem(problem, pauseMs);
      await pause(pauseMs, this.#closing.signal);
    }
  }

  async #begin(connection: NatsConnection): Promise<void> {
    if (this.#closing.signal.aborted) return connection.close();
    this.#connection = connection;
    this.#up = true;
    this.#refused = false;
    this.#said = '';
    void this.#watch(connection);
    for (const each of this.#listeners) each.joined(connection);
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') this.#lose();
      else if (status.type === 'reconnect') await this.#regain(connection);
      else if (status.type === 'error') this.#hear(status.error);
    }
  }

  #hear(error: Error): void {
    if (refusesCredentials(error)) return this.#hearRefusal();
    const said = sentence(error);
    // It has as many connections as it may, say: the client goes on trying here, too.
    if (!this.#up) this.#said = said;
    this.#options.log.warn(`NATS at ${this.#shown}: the server says: ${said}`);
  }

  #lose(): void {
    if (!this.#up) return;
    this.#up = false;
    this.deadlines.endAll(new BusUnavailable('NATS is away'));
    this.#options.log.warn('NATS is away; connecting again');
  }

  /** The client goes on trying: who mends the credentials need not start this process again. */
  #hearRefusal(): void {
    this.#lose();
    // Longer from the second refusal on; what is told is what the client waits.
    if (this.#refused) this.#reconnectMs = Math.min(this.#reconnectMs * 2, longestPauseMs);
    this.#refused = true;
    this.#tellProblem(refusal, this.#reconnectMs);
  }

  async #regain(connection: NatsConnection): Promise<void> {
    // The client says it once more for each try that the server had refused.
    if (this.#up) return;
    const { log } = this.#options;
    this.#up = true;
    this.#refused = false;
    this.#said = '';
    this.#reconnectMs = reconnectMs;
    // The server may have come back without its disk.
    const problem = await streamsProblem(connection, this.#options);
    if (problem !== null) log.warn(`NATS: ${problem}`);
    else log.info('NATS is back');
    for (const each of this.#listeners) each.rejoined?.();
  }

  #tellProblem(problem: string, pauseMs: number): void {
    this.#options.log.warn(`NATS at ${this.#shown}: ${problem}; trying again in ${pauseMs} ms`);
  }
}
