/** What is asked of something that may be gone: rejected at once while it is. */
export class OutOfReach extends Error {
  override readonly name = 'OutOfReach';
}

export interface ReachOptions {
  /** Resolves when all is well. */
  readonly ping: () => Promise<unknown>;
  /** What an answer may take, ms. */
  readonly timeoutMs: number;
  /** How long after an answered ping the next one goes out, ms. */
  readonly everyMs: number;
  /** Told of every change, with what went wrong. */
  readonly changed: (reached: boolean, why: unknown) => void;
}

/**
 * Knows whether something answers, so that nobody waits for it twice: after one answer that failed or came too late
 * everything is refused at once, until a ping is answered again.
 */
export class Reach {
  readonly #options: ReachOptions;
  #reached = false;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: ReachOptions) {
    this.#options = options;
  }

  get reached(): boolean {
    return this.#reached;
  }

  /** Pings at once, with `firstMs` for the answer, and then again and again; resolves when the first ping is over. */
  async start(firstMs = this.#options.timeoutMs): Promise<void> {
    await this.#ping(firstMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Does some work there; rejects when it fails, takes too long, or nothing can be reached. */
  async ask<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#reached) throw new OutOfReach('does not answer');
    try {
      return await inTime(work(), this.#options.timeoutMs);
    } catch (error) {
      this.#set(false, error);
      throw error;
    }
  }

  async #ping(timeoutMs: number): Promise<void> {
    const { ping, everyMs } = this.#options;
    // One that never ends must not be followed by others that wait behind it.
    const answer = ping();
    try {
      await inTime(answer, timeoutMs);
      this.#set(true, null);
    } catch (error) {
      this.#set(false, error);
      await answer.catch(() => undefined);
    }
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#ping(this.#options.timeoutMs), everyMs);
  }

  #set(reached: boolean, why: unknown): void {
    if (this.#reached === reached || this.#stopped) return;
    this.#reached = reached;
    this.#options.changed(reached, why);
  }
}

async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    // An answer that is there already but was not read yet, because this process was busy, is in time.
    setImmediate(() => reject(new OutOfReach(`no answer within ${timeoutMs} ms`)));
  }, timeoutMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
