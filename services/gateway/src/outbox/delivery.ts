import type { Bus, Message } from '@keymux/bus';
import type { StreamName } from '@keymux/contracts';
import type { Logger } from '@keymux/service';

const firstWaitMs = 100;
const longestWaitMs = 5_000;

/** Brings messages that are on disk to the bus, for as long as it takes. */
export class Delivery {
  readonly #bus: Bus;
  readonly #log: Logger;
  readonly #retries = new Set<NodeJS.Timeout>();
  #stopped = false;

  constructor({ bus, log }: { readonly bus: Bus; readonly log: Logger }) {
    this.#bus = bus;
    this.#log = log;
  }

  /** Resolves when the bus has the message; never after a stop. */
  deliver(stream: StreamName, message: Message): Promise<void> {
    return new Promise((resolve) => {
      const attempt = (waitMs: number): void => {
        this.#bus.publish(stream, message).then(resolve, (error: unknown) => {
          if (this.#stopped) return;
          this.#log.warn({ err: error, stream }, 'the bus did not take a batch; trying again');
          const retry = setTimeout(() => {
            this.#retries.delete(retry);
            attempt(Math.min(waitMs * 2, longestWaitMs));
          }, waitMs);
          this.#retries.add(retry);
        });
      };
      attempt(firstWaitMs);
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const retry of this.#retries) clearTimeout(retry);
  }
}
