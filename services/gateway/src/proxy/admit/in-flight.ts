/** The requests that are under way, and whether more may come. */
export class InFlight {
  #count = 0;
  #draining = false;
  #idle: (() => void) | undefined;

  get count(): number {
    return this.#count;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** From now on only what runs already goes on. */
  drain(): void {
    this.#draining = true;
  }

  /** Counts a request in; the result counts it out, once. */
  enter(): () => void {
    this.#count += 1;
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#count -= 1;
      if (this.#count === 0) this.#idle?.();
    };
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    if (this.#count === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    await promise;
  }
}
