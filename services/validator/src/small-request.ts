import type { CallListener, UpstreamCall, UpstreamDispatcher } from '@keymux/outbound';

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
    body,
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
    if (signal.aborted) {
      resolve({ kind: 'aborted' });
      return;
    }
    const reader = new SmallAnswerReader((answer) => {
      signal.removeEventListener('abort', onAbort);
      call.abort();
      resolve(answer);
    }, mostBytes);
    const onAbort = () => reader.settle({ kind: 'aborted' });
    const sent = { ...request, body: body === null ? null : Buffer.from(body) };
    let call: UpstreamCall;
    try {
      call = dispatcher.dispatch(sent, reader);
    } catch (error) {
      // A key or a rule of the group that no header can hold.
      resolve({ kind: 'no-answer', message: `it cannot be sent: ${messageOf(error)}` });
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

class SmallAnswerReader implements CallListener {
  readonly #settled: (answer: SmallAnswer) => void;
  readonly #mostBytes: number;
  readonly #chunks: Buffer[] = [];
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

  sent(): void {
    // Nothing is measured from here on.
  }

  headers(status: number): void {
    this.#status = status;
  }

  data(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes >= this.#mostBytes) this.end();
  }

  end(): void {
    const text = Buffer.concat(this.#chunks).subarray(0, this.#mostBytes).toString('utf8');
    this.settle({ kind: 'answer', status: this.#status, text });
  }

  failed(error: Error): void {
    const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
    this.settle({ kind: 'no-answer', message: `${code}${error.message}` });
  }
}
