import type { Handled, Message } from '@keymux/bus';
import { RequestLogsSchema } from '@keymux/contracts';
import type { Logger } from '@keymux/service';
import { Compile } from 'typebox/compile';
import type { LogStore, Written } from './log-store/log-store.ts';

const isLogs = Compile(RequestLogsSchema);
/** A batch goes to the store at the latest when it has so many rows, bytes or messages. */
const batchRows = 1_000;
const batchBytes = 8 * 1024 * 1024;
const batchMessages = 200;

interface Waiting {
  readonly text: string;
  readonly settled: PromiseWithResolvers<Handled>;
}

export interface IntakeDeps {
  readonly store: LogStore;
  readonly log: Logger;
  /** Longest wait of a row, ms; asked again for each batch. */
  readonly intervalMs: () => number;
  /** Told before the rows are acknowledged. */
  readonly wrote: (written: Written) => Promise<unknown>;
}

/** Collects log rows into batches; a message is acknowledged when the store has its rows. */
export class Intake {
  readonly #deps: IntakeDeps;
  #waiting: Waiting[] = [];
  #rows = 0;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  handle({ data }: Message, delivery: number): Promise<Handled> {
    if (!isLogs.Check(data)) return Promise.resolve('park');
    const text = data.rows;
    const settled = Promise.withResolvers<Handled>();
    // What failed before goes alone: should it be to blame, it holds up no other.
    if (delivery > 1) {
      this.#enqueue([{ text, settled }]);
      return settled.promise;
    }
    this.#waiting.push({ text, settled });
    this.#rows += data.count;
    this.#bytes += text.length;
    const full =
      this.#rows >= batchRows || this.#bytes >= batchBytes || this.#waiting.length >= batchMessages;
    const waitMs = this.#stopped ? 0 : this.#deps.intervalMs();
    if (full || waitMs === 0) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), waitMs);
    return settled.promise;
  }

  /** Writes what waits now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#rows = 0;
    this.#bytes = 0;
    if (batch.length > 0) this.#enqueue(batch);
  }

  /** From now on every row is written at once; resolves when nothing waits. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.flush();
    await this.#writing;
  }

  #enqueue(batch: readonly Waiting[]): void {
    this.#writing = this.#writing.then(() => this.#write(batch));
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    let handled: Handled = 'retry';
    try {
      await this.#deps.wrote(
        await this.#deps.store.write(batch.map(({ text }) => text).join('\n')),
      );
      handled = 'ack';
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'log rows not written; trying again');
    }
    for (const { settled } of batch) settled.resolve(handled);
  }
}
