/** After so many failures in a row an upstream leaves the rotation. */
export const failuresToTrip = 3;
export const firstOutMs = 5_000;
export const longestOutMs = 60_000;
const maxModels = 256;

/**
 * What requests tell about one upstream of a group: out after three failures in a row, for 5 s
 * doubling to 60 s; then one trial request decides. Kept over config changes.
 */
export class UpstreamHealth {
  #failures = 0;
  #outMs = 0;
  #outUntilMs = 0;
  #trialUntilMs = 0;
  readonly #overloaded = new Map<string, number>();

  /** Whether a request for a model may be sent here; true once for the trial after a time out. */
  allows(model: string | null, nowMs: number): boolean {
    if (this.#overloaded.size > 0 && model !== null) {
      const untilMs = this.#overloaded.get(model);
      if (untilMs !== undefined) {
        if (untilMs > nowMs) return false;
        this.#overloaded.delete(model);
      }
    }
    return this.#outMs === 0 || (nowMs >= this.#outUntilMs && nowMs >= this.#trialUntilMs);
  }

  /** A request was sent here; while the upstream is on trial no other follows until it is judged. */
  chosen(nowMs: number): void {
    if (this.#outMs > 0) this.#trialUntilMs = nowMs + this.#outMs;
  }

  success(): void {
    this.#failures = 0;
    this.#outMs = 0;
  }

  /** Tells whether the upstream went out by it. */
  failure(nowMs: number): boolean {
    this.#failures += 1;
    if (this.#failures < failuresToTrip) return false;
    this.trip(nowMs);
    return true;
  }

  /** Takes the upstream out now: three failures, or a whole pool that fails alike. */
  trip(nowMs: number): void {
    // Answers to requests sent before it went out say nothing new.
    if (this.#outMs > 0 && nowMs < this.#outUntilMs) return;
    this.#outMs = this.#outMs === 0 ? firstOutMs : Math.min(this.#outMs * 2, longestOutMs);
    this.#outUntilMs = nowMs + this.#outMs;
    this.#trialUntilMs = 0;
  }

  overloaded(model: string, untilMs: number): void {
    if (this.#overloaded.size >= maxModels) this.#overloaded.clear();
    this.#overloaded.set(model, Math.max(untilMs, this.#overloaded.get(model) ?? 0));
  }
}
