const mostMessages = 10_000;
const mostBytes = 64 * 1024 * 1024;

/** How much a consumer may hold of what its broker hands it; while that is full it takes nothing more. */
export class Room {
  #messages = 0;
  #bytes = 0;
  #ended = false;
  #free: PromiseWithResolvers<void> | undefined;

  get isFull(): boolean {
    return this.#messages >= mostMessages || this.#bytes >= mostBytes;
  }

  /** Takes the place of one message. */
  take(bytes: number): void {
    this.#messages += 1;
    this.#bytes += bytes;
  }

  /** Gives the place of one message back. */
  giveBack(bytes: number): void {
    this.#messages -= 1;
    this.#bytes -= bytes;
    if (!this.isFull) this.#letIn();
  }

  /** Resolves when it is not full, or has ended. */
  untilFree(): Promise<void> {
    if (!this.isFull || this.#ended) return Promise.resolve();
    this.#free ??= Promise.withResolvers<void>();
    return this.#free.promise;
  }

  /** Nobody waits for it any more. */
  end(): void {
    this.#ended = true;
    this.#letIn();
  }

  #letIn(): void {
    this.#free?.resolve();
    this.#free = undefined;
  }
}
