import { ModelResting } from './model-resting.ts';
import { Resting } from './resting.ts';
import { SlotSet } from './slot-set.ts';

/** Which slots of a pool may be used now, and until when the others may not. */
export class Availability {
  readonly #isActive: (slot: number) => boolean;
  /** Active and not out whole. */
  readonly usable = new SlotSet();
  readonly #restingWhole = new Resting();
  readonly #held = new Resting();
  readonly #atLimit = new Resting();
  readonly #restingByModel = new ModelResting();
  readonly #spared = new ModelResting();

  constructor(isActive: (slot: number) => boolean) {
    this.#isActive = isActive;
  }

  /** Those that rest for a model. */
  restingFor(model: string): SlotSet | undefined {
    return this.#restingByModel.slots(model);
  }

  /** Those that are used for a model only when no other may be. */
  sparedFor(model: string): SlotSet | undefined {
    return this.#spared.slots(model);
  }

  /** When the first resting one may be used for the model again, epoch ms. */
  soonestMs(model: string | null): number | undefined {
    const whole = this.#restingWhole.soonestMs;
    const ofModel = model === null ? undefined : this.#restingByModel.soonestMs(model);
    const all = [whole, ofModel, this.#atLimit.soonestMs].filter((each) => each !== undefined);
    return all.length === 0 ? undefined : Math.min(...all);
  }

  /** Rests one for a model, or whole when that is null; never shortens a rest. */
  rest(slot: number, model: string | null, untilMs: number, nowMs: number): void {
    if (untilMs <= nowMs) return;
    if (model === null) {
      this.#restingWhole.rest(slot, untilMs);
      this.refresh(slot, nowMs);
      return;
    }
    this.#restingByModel.rest(slot, model, untilMs);
  }

  /** Ends its rests; whether it may be used then, `refresh` finds. */
  wake(slot: number): void {
    this.#restingWhole.wake(slot);
    this.#restingByModel.wakeWhole(slot);
  }

  /** Takes one out on this gateway's word. */
  hold(slot: number, untilMs: number, nowMs: number): void {
    this.#held.rest(slot, untilMs);
    this.refresh(slot, nowMs);
  }

  /** Takes that word back; whether it may be used then, `refresh` finds. */
  letGo(slot: number): void {
    this.#held.wake(slot);
  }

  /** Passes over one that is at a limit of its group. */
  limit(slot: number, untilMs: number, nowMs: number): void {
    this.#atLimit.rest(slot, untilMs);
    this.refresh(slot, nowMs);
  }

  unlimit(slot: number, nowMs: number): void {
    this.#atLimit.wake(slot);
    this.refresh(slot, nowMs);
  }

  /** Spares one whose provider allows little more. */
  spare(slot: number, model: string, untilMs: number): void {
    this.#spared.rest(slot, model, untilMs);
  }

  unspare(slot: number, model: string): void {
    this.#spared.wake(slot, model);
  }

  unspareAll(): void {
    this.#spared.clear();
  }

  /** Forgets all of a slot that is free. */
  forget(slot: number): void {
    this.usable.delete(slot);
    this.#held.wake(slot);
    this.#atLimit.wake(slot);
    this.wake(slot);
    this.#spared.wakeWhole(slot);
  }

  /** Ends what is over, for a model too. */
  wakeEnded(model: string | null, nowMs: number): void {
    const refresh = (slot: number): void => this.refresh(slot, nowMs);
    this.#restingWhole.wakeEnded(nowMs, refresh);
    this.#held.wakeEnded(nowMs, refresh);
    this.#atLimit.wakeEnded(nowMs, refresh);
    if (model === null) return;
    this.#restingByModel.wakeEnded(model, nowMs);
    this.#spared.wakeEnded(model, nowMs);
  }

  /** Looks anew whether one may be used. */
  refresh(slot: number, nowMs: number): void {
    const isOut =
      (this.#restingWhole.untilMs(slot) ?? 0) > nowMs ||
      (this.#held.untilMs(slot) ?? 0) > nowMs ||
      (this.#atLimit.untilMs(slot) ?? 0) > nowMs;
    if (this.#isActive(slot) && !isOut) this.usable.add(slot);
    else this.usable.delete(slot);
  }
}
