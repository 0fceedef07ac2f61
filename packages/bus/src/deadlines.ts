/** Longest wait for an answer to a call, ms. */
export const defaultCallTimeoutMs = 10_000;

/** Waits that end in time, and all at once when their owner ends. */
export class Deadlines {
  readonly #open = new Set<(failure: Error) => void>();

  /** Settles as `work` does, or rejects with `late()` after `timeoutMs`. */
  race<T>(work: Promise<T>, timeoutMs: number, late: () => Error): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = setTimeout(() => end(late()), timeoutMs);
    const forget = (): void => {
      clearTimeout(timer);
      this.#open.delete(end);
    };
    const end = (failure: Error): void => {
      forget();
      reject(failure);
    };
    this.#open.add(end);
    work.then(
      (value) => {
        forget();
        resolve(value);
      },
      (error: unknown) => {
        forget();
        reject(error);
      },
    );
    return promise;
  }

  /** Rejects every open wait. */
  endAll(failure: Error): void {
    for (const end of this.#open) end(failure);
  }
}
