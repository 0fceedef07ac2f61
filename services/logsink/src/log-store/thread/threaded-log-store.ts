import type { Worker } from 'node:worker_threads';
import type { LogRow } from '@keymux/contracts';
import { type Logger, StartProblem } from '@keymux/service';
import type { Sum } from '../../rollups/rollup.ts';
import type { LogPage, LogSearch, OpenLogStore, SumQuery, Written } from '../log-store.ts';
import type { NumberedCall, StoreCall, ThreadAnswer } from './thread-calls.ts';

/** Pause before another thread is started. */
const restartMs = 1_000;
/** How long the thread may take to close its files. */
const closeMs = 5_000;

/** The thread that keeps the logs ended before it answered; another one is started. */
export class LogStoreGone extends Error {
  override readonly name = 'LogStoreGone';
}

type Pending = PromiseWithResolvers<unknown>;

/**
 * The SQLite store on a thread of its own, so that neither a search through millions of rows nor the
 * writing of a batch holds up what else the process does. It does one thing after the other, and each
 * is short: searches stop on their way, exports come in pages.
 */
export class ThreadedLogStore implements OpenLogStore {
  readonly #startThread: () => Worker;
  readonly #log: Logger;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #exited: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #lastId = 0;
  #closed = false;

  constructor(deps: { readonly log: Logger; readonly startThread: () => Worker }) {
    this.#startThread = deps.startThread;
    this.#log = deps.log;
  }

  async open(): Promise<void> {
    this.#start();
    try {
      await this.#call({ kind: 'open' });
    } catch (error) {
      throw new StartProblem(error instanceof Error ? error.message : String(error));
    }
  }

  write(text: string): Promise<Written> {
    return this.#call({ kind: 'write', text }) as Promise<Written>;
  }

  find(search: LogSearch): Promise<LogPage> {
    return this.#call({ kind: 'find', search }) as Promise<LogPage>;
  }

  get(requestId: string): Promise<LogRow | null> {
    return this.#call({ kind: 'get', requestId }) as Promise<LogRow | null>;
  }

  sums(query: SumQuery): Promise<Sum[]> {
    return this.#call({ kind: 'sums', query }) as Promise<Sum[]>;
  }

  dropBefore(timeMs: number): Promise<string[]> {
    return this.#call({ kind: 'dropBefore', timeMs }) as Promise<string[]>;
  }

  sizeBytes(): Promise<number> {
    return this.#call({ kind: 'sizeBytes' }) as Promise<number>;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const worker = this.#worker;
    if (worker === undefined) return;
    const timer = setTimeout(() => void worker.terminate(), closeMs);
    // A thread that dies now is closed, too.
    this.#call({ kind: 'close' }).catch(() => undefined);
    await this.#exited;
    clearTimeout(timer);
  }

  #start(): void {
    const worker = this.#startThread();
    const exited = Promise.withResolvers<void>();
    let reason = 'it was ended';
    worker.on('message', (answer: ThreadAnswer) => this.#answered(answer));
    worker.on('error', (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', () => {
      this.#worker = undefined;
      this.#ended(reason);
      exited.resolve();
    });
    this.#worker = worker;
    this.#exited = exited.promise;
  }

  #ended(reason: string): void {
    const gone = new LogStoreGone(`the log store's thread ended: ${reason}`);
    for (const { reject } of this.#pending.values()) reject(gone);
    this.#pending.clear();
    if (this.#closed) return;
    this.#log.warn({ err: gone }, 'the log store ended; starting it again');
    this.#timer = setTimeout(() => {
      this.#start();
      this.#call({ kind: 'open' }).catch((error: unknown) =>
        this.#log.warn({ err: error }, 'the log store does not open'),
      );
    }, restartMs);
  }

  #call(call: StoreCall): Promise<unknown> {
    const worker = this.#worker;
    if (worker === undefined) {
      return Promise.reject(new LogStoreGone('the log store is not running'));
    }
    const id = (this.#lastId += 1);
    const pending = Promise.withResolvers<unknown>();
    this.#pending.set(id, pending);
    worker.postMessage({ id, call } satisfies NumberedCall);
    return pending.promise;
  }

  #answered(answer: ThreadAnswer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if ('error' in answer) pending?.reject(new Error(answer.error));
    else pending?.resolve(JSON.parse(answer.json));
  }
}
