import { Resting } from './resting.ts';
import type { SlotSet } from './slot-set.ts';

/** Models that are remembered; clients name models, so it must be bounded. */
const maxModels = 256;

/** The keys that rest for one model, by model. */
export class ModelResting {
  readonly #byModel = new Map<string, Resting>();

  rest(slot: number, model: string, untilMs: number): void {
    let resting = this.#byModel.get(model);
    if (resting === undefined) {
      if (this.#byModel.size >= maxModels) {
        for (const oldest of this.#byModel.keys()) {
          this.#byModel.delete(oldest);
          break;
        }
      }
      resting = new Resting();
      this.#byModel.set(model, resting);
    }
    resting.rest(slot, untilMs);
  }

  /** Ends a rest for one model before its time. */
  wake(slot: number, model: string): void {
    this.#byModel.get(model)?.wake(slot);
  }

  /** Ends the rests of a slot for all models. */
  wakeWhole(slot: number): void {
    for (const resting of this.#byModel.values()) resting.wake(slot);
  }

  /** Ends what is over for a model. */
  wakeEnded(model: string, nowMs: number): void {
    const resting = this.#byModel.get(model);
    if (resting === undefined) return;
    resting.wakeEnded(nowMs);
    if (resting.slots.size === 0) this.#byModel.delete(model);
  }

  slots(model: string): SlotSet | undefined {
    return this.#byModel.get(model)?.slots;
  }

  soonestMs(model: string): number | undefined {
    return this.#byModel.get(model)?.soonestMs;
  }

  clear(): void {
    this.#byModel.clear();
  }
}
