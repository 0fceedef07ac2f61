import { type Logger, StartProblem } from '@keymux/service';
import { Admin, type AdminOptions } from '@platformatic/kafka';
import { BusUnavailable } from '../bus.ts';
import { Deadlines } from '../deadlines.ts';
import { pause } from '../pause.ts';
import { type KafkaAddress, parseKafkaBrokers } from './kafka-address.ts';
import { withSurvivingConnections } from './surviving-connections.ts';
import { isNoTopic, reconcileTopic, type TopicPlan } from './topics.ts';

const firstPauseMs = 250;
const longestPauseMs = 5_000;
/** Between two looks at whether a broker answers, while one did and while none does. */
const lookMs = { up: 5_000, away: 1_000 };
const usualAnswerMs = 5_000;

export interface KafkaLinkOptions {
  /** See {@link parseKafkaBrokers}. */
  readonly brokers: string;
  /** Shown by the brokers' monitoring. */
  readonly name: string;
  readonly plan: TopicPlan;
  readonly log: Logger;
  /** How long a start waits for a broker before it goes on without, ms. */
  readonly patienceMs: number;
  /** Longest wait for an answer of a broker, ms; 5,000 by default. */
  readonly answerMs?: number;
}

/** Whether Kafka is there; its clients connect on their own. */
export class KafkaLink {
  /** Waits that end at once when Kafka goes away. */
  readonly deadlines = new Deadlines();
  readonly #options: KafkaLinkOptions;
  readonly #topics: readonly string[];
  readonly #listeners = new Set<() => void>();
  readonly #closing = new AbortController();
  #address: KafkaAddress | undefined;
  #admin: Admin | undefined;
  #joined = false;
  #started = false;
  #up = false;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: KafkaLinkOptions, topics: readonly string[]) {
    this.#options = options;
    this.#topics = topics;
  }

  /** True while a broker answers. */
  get up(): boolean {
    return this.#up;
  }

  /** Longest wait for an answer of a broker, ms. */
  get answerMs(): number {
    return this.#options.answerMs ?? usualAnswerMs;
  }

  /** What every client of these brokers is made with. */
  get client(): AdminOptions {
    const { answerMs } = this;
    if (this.#address === undefined) throw new Error('Kafka is not joined yet');
    return {
      ...this.#address.connection,
      clientId: this.#options.name.replaceAll(/[^\w.-]/g, '-'),
      connectTimeout: answerMs,
      requestTimeout: answerMs,
      timeout: answerMs,
      // Whoever asks tries again, and knows how often.
      retries: 0,
    };
  }

  /** Tells `joined` when Kafka answered for the first time; at once when it has. The function takes it away. */
  listen(joined: () => void): () => void {
    this.#listeners.add(joined);
    if (this.#joined) joined();
    return () => void this.#listeners.delete(joined);
  }

  /**
   * Resolves when joined, or when patience ends: then it goes on trying. Rejects with
   * {@link StartProblem} for an address that makes no sense and for credentials that are refused.
   */
  async start(stopping?: AbortSignal): Promise<void> {
    const { brokers, patienceMs } = this.#options;
    try {
      this.#address = parseKafkaBrokers(brokers);
    } catch (error) {
      throw new StartProblem(`KAFKA_BROKERS: ${sentence(error)}`);
    }
    stopping?.addEventListener('abort', () => this.#closing.abort(), { once: true });
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#started = true;
      late.resolve();
    }, patienceMs);
    const joining = this.#join(this.#address);
    await Promise.race([joining, late.promise]).finally(() => clearTimeout(timer));
  }

  /** Looks now whether a broker answers. */
  suspect(): void {
    if (!this.#joined || this.#closing.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      this.#lookLater();
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    this.#up = false;
    this.deadlines.endAll(new BusUnavailable('the bus is closed'));
    await this.#looking;
    await this.#admin?.close();
  }

  async #join({ shown }: KafkaAddress): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#closing;
    for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = longer(pauseMs)) {
      const problem = await this.#tryToJoin();
      if (problem === null) return;
      log.warn(`Kafka at ${shown}: ${problem}; trying again in ${pauseMs} ms`);
      await pause(pauseMs, signal);
    }
  }

  /** Null when joined, else what is in the way. */
  async #tryToJoin(): Promise<string | null> {
    const admin = withSurvivingConnections(new Admin(this.client));
    try {
      await this.#reconcile(admin);
    } catch (error) {
      await admin.close();
      const refusal = refusalIn(error);
      if (refusal === null) return problemOf(error);
      // A process that serves already goes on, and tries again.
      if (this.#started) return `the brokers ${refusal}`;
      throw new StartProblem(`KAFKA_BROKERS: the brokers ${refusal}`);
    }
    if (this.#closing.signal.aborted) {
      await admin.close();
      return null;
    }
    this.#admin = admin;
    this.#joined = true;
    this.#up = true;
    this.#lookLater();
    for (const joined of this.#listeners) joined();
    return null;
  }

  async #reconcile(admin: Admin): Promise<void> {
    const { plan, log } = this.#options;
    for (const topic of this.#topics) await reconcileTopic(admin, topic, { plan, log });
  }

  #lookLater(): void {
    clearTimeout(this.#timer);
    if (this.#closing.signal.aborted) return;
    this.#timer = setTimeout(() => this.suspect(), this.#up ? lookMs.up : lookMs.away);
  }

  async #look(): Promise<void> {
    const { log } = this.#options;
    const { answerMs } = this;
    const admin = this.#admin;
    if (admin === undefined) return;
    const late = (): Error => new Error(`no answer in ${answerMs} ms`);
    try {
      const asked = this.#ask(admin);
      await this.deadlines.race(asked, answerMs, late);
      if (this.#up || this.#closing.signal.aborted) return;
      this.#up = true;
      log.info('Kafka is back');
    } catch (error) {
      if (!this.#up || this.#closing.signal.aborted) return;
      this.#up = false;
      this.deadlines.endAll(new BusUnavailable('Kafka is away'));
      log.warn(`Kafka ${problemOf(error)}; connecting again`);
    }
  }

  async #ask(admin: Admin): Promise<void> {
    try {
      await admin.metadata({ topics: [...this.#topics], forceUpdate: true });
    } catch (error) {
      // The brokers may have come back without their disks.
      if (!isNoTopic(error)) throw error;
      await this.#reconcile(admin);
    }
  }
}

const longer = (pauseMs: number): number => Math.min(pauseMs * 2, longestPauseMs);

/** What no other try will change, or null. */
function refusalIn(error: unknown): string | null {
  if (says(error, 'SASL_AUTHENTICATION_FAILED')) return 'refuse the credentials';
  if (says(error, 'UNSUPPORTED_SASL_MECHANISM')) return 'do not take the mechanism';
  return null;
}

function problemOf(error: unknown): string {
  if (says(error, 'PLT_KFK_UNSUPPORTED_API')) return 'is too old: 3.5 or newer is needed';
  return `cannot be reached (${sentence(error)})`;
}

/** True when an error, or one below it, has this code or is this answer; the client looks at no causes. */
function says(error: unknown, name: string): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && error.code === name) return true;
  if ('apiId' in error && error.apiId === name) return true;
  const below: unknown[] = error instanceof AggregateError ? error.errors : [];
  return [error.cause, ...below].some((each) => says(each, name));
}

/** What is at the bottom of an error. */
export function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const below: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  return below instanceof Error ? sentence(below) : error.message || error.name;
}
