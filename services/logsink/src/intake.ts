import type { Handled, Message } from '@keymux/bus';
import { type LogRow, LogRowSchema, RequestLogsSchema } from '@keymux/contracts';
import type { Logger } from '@keymux/service';
import { Compile } from 'typebox/compile';
import type { LogStore, ReceivedRow } from './log-store/log-store.ts';

const isLogs = Compile(RequestLogsSchema);
const isRow = Compile(LogRowSchema);
/** A batch goes to the store at the latest when it has so many rows. */
const batchRows = 1_000;

interface Waiting {
  readonly rows: readonly ReceivedRow[];
  readonly settled: PromiseWithResolvers<Handled>;
}

export interface IntakeDeps {
  readonly store: LogStore;
  readonly log: Logger;
  /** Longest wait of a row, ms; asked again for each batch. */
  readonly intervalMs: () => number;
  /** Told of rows as they come, before they are written. */
  readonly came: (rows: readonly LogRow[]) => void;
  readonly wrote: (counts: { rows: number; duplicates: number }) => void;
  /** A row that cannot be read. */
  readonly unreadable: (text: string, reason: string) => void;
}

/** Collects log rows into batches; a message is acknowledged when the store has its rows. */
export class Intake {
  readonly #deps: IntakeDeps;
  #waiting: Waiting[] = [];
  #rows = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  handle(message: Message): Promise<Handled> {
    if (!isLogs.Check(message.data)) return Promise.resolve('park');
    const rows = this.#parse(message.data.rows);
    this.#deps.came(rows.map(({ row }) => row));
    const settled = Promise.withResolvers<Handled>();
    this.#waiting.push({ rows, settled });
    this.#rows += rows.length;
    const waitMs = this.#stopped ? 0 : this.#deps.intervalMs();
    if (this.#rows >= batchRows || waitMs === 0) this.flush();
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
    if (batch.length > 0) this.#writing = this.#writing.then(() => this.#write(batch));
  }

  /** From now on every row is written at once; resolves when nothing waits. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.flush();
    await this.#writing;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const rows = batch.flatMap((each) => each.rows);
    try {
      const written = await this.#deps.store.write(rows);
      this.#deps.wrote({ rows: written, duplicates: rows.length - written });
      for (const { settled } of batch) settled.resolve('ack');
    } catch (error) {
      this.#deps.log.warn({ err: error, rows: rows.length }, 'log rows not written; trying again');
      for (const { settled } of batch) settled.resolve('retry');
    }
  }

  #parse(text: string): ReceivedRow[] {
    return text.split('\n').flatMap((json) => {
      if (json === '') return [];
      let row: unknown;
      try {
        row = JSON.parse(json);
      } catch {
        this.#deps.unreadable(json, 'is not JSON');
        return [];
      }
      if (isRow.Check(row)) return [{ row, json }];
      const [first] = isRow.Errors(row);
      this.#deps.unreadable(
        json,
        `${first?.instancePath ?? ''} ${first?.message ?? 'is wrong'}`.trim(),
      );
      return [];
    });
  }
}
