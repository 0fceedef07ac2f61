import type { UpstreamDispatcher } from '@keymux/outbound';
import type { Dispatcher } from 'undici';

/** What came of a small request; `text` has at most as many bytes as were asked for. */
export type SmallAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string }
  | { readonly kind: 'no-answer'; readonly message: string }
  /** The signal came first; its reason says why. */
  | { readonly kind: 'aborted' };

/** What is read of an answer unless more is asked for; the rest is not waited for. */
const maxAnswerBytes = 64 * 1024;

/** Sends one request and reads the start of its answer; the signal ends it at any moment, also while it connects. */
export function sendSmall(
  dispatcher: UpstreamDispatcher,
  {
    mostBytes = maxAnswerBytes,
    ...request
  }: {
    method: string;
    path: string;
    headers: string[];
    body: string | null;
    mostBytes?: number;
  },
  signal: AbortSignal,
): Promise<SmallAnswer> {
  return new Promise((resolve) => {
    const handler = new SmallAnswerReader((answer) => {
      signal.removeEventListener('abort', onAbort);
      resolve(answer);
    }, mostBytes);
    const onAbort = () => {
      handler.settle({ kind: 'aborted' });
      if (!dispatcher.abandon(handler)) handler.abort();
    };
    if (signal.aborted) {
      resolve({ kind: 'aborted' });
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    dispatcher.dispatch(request, handler);
  });
}

class SmallAnswerReader implements Dispatcher.DispatchHandler {
  readonly #settled: (answer: SmallAnswer) => void;
  readonly #mostBytes: number;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #sizeBytes = 0;
  #status = 0;
  #done = false;

  constructor(settled: (answer: SmallAnswer) => void, mostBytes: number) {
    this.#settled = settled;
    this.#mostBytes = mostBytes;
  }

  settle(answer: SmallAnswer): void {
    if (this.#done) return;
    this.#done = true;
    this.#settled(answer);
  }

  abort(): void {
    this.#controller?.abort(new Error('the answer is not needed any more'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#done) this.abort();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes < this.#mostBytes) return;
    this.onResponseEnd();
    this.abort();
  }

  onResponseEnd(): void {
    const text = Buffer.concat(this.#chunks).subarray(0, this.#mostBytes).toString('utf8');
    this.settle({ kind: 'answer', status: this.#status, text });
  }

  onResponseError(_controller: unknown, error: Error): void {
    const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
    this.settle({ kind: 'no-answer', message: `${code}${error.message}` });
  }
}
