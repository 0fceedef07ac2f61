import { type Bus, BusUnavailable, type Message } from '@keymux/bus';
import type { StreamName } from '@keymux/contracts';
import type { Logger } from '@keymux/service';

const firstWaitMs = 100;
const longestWaitMs = 5_000;
/** Between two lines that say that a stream takes nothing: what waits may be thousands of batches. */
const complaintMs = 60_000;

/** A stream that did not take batches. */
interface Trouble {
  /** That it did not take, and still has to. */
  batches: number;
  saidMs: number;
}

/** Brings messages that are on disk to the bus, for as long as it takes. */
export class Delivery {
  readonly #bus: Bus;
  readonly #log: Logger;
  readonly #retries = new Set<NodeJS.Timeout>();
  readonly #troubles = new Map<StreamName, Trouble>();
  #stopped = false;

  constructor({ bus, log }: { readonly bus: Bus; readonly log: Logger }) {
    this.#bus = bus;
    this.#log = log;
  }

  /** Resolves when the bus has the message; never after a stop. */
  deliver(stream: StreamName, message: Message): Promise<void> {
    return new Promise((resolve) => {
      let refused = false;
      const attempt = (waitMs: number): void => {
        this.#bus.publish(stream, message).then(
          () => {
            if (refused) this.#taken(stream);
            resolve();
          },
          (error: unknown) => {
            if (this.#stopped) return;
            this.#refused(stream, error, refused ? 0 : 1);
            refused = true;
            const retry = setTimeout(() => {
              this.#retries.delete(retry);
              attempt(Math.min(waitMs * 2, longestWaitMs));
            }, waitMs);
            this.#retries.add(retry);
          },
        );
      };
      attempt(firstWaitMs);
    });
  }

  #refused(stream: StreamName, error: unknown, more: number): void {
    const nowMs = performance.now();
    const trouble = this.#troubles.get(stream) ?? { batches: 0, saidMs: Number.NEGATIVE_INFINITY };
    this.#troubles.set(stream, trouble);
    trouble.batches += more;
    if (nowMs - trouble.saidMs < complaintMs) return;
    trouble.saidMs = nowMs;
    const about = error instanceof BusUnavailable ? { why: error.message } : { err: error };
    const { batches } = trouble;
    this.#log.warn({ ...about, stream, batches }, 'the bus did not take batches; trying again');
  }

  #taken(stream: StreamName): void {
    const trouble = this.#troubles.get(stream);
    if (trouble === undefined) return;
    trouble.batches -= 1;
    if (trouble.batches > 0) return;
    this.#troubles.delete(stream);
    this.#log.info({ stream }, 'the bus has taken every batch that it had not');
  }

  stop(): void {
    this.#stopped = true;
    for (const retry of this.#retries) clearTimeout(retry);
  }
}
