import { randomBytes } from 'node:crypto';
import { type Allowance, type Limits, type RunningUse, slotTtlMs } from '@keymux/coordination';
import type { Clock } from '@keymux/service';
import type { RingKey } from '../key-ring/ring-key.ts';
import type { LiveGroup, LiveStandardGroup } from '../live-config/live-group.ts';
import {
  type Choice,
  type ChoiceRequest,
  chooseTarget,
  type Target,
} from '../upstream/choose-target.ts';

/** How long a key without a free slot is passed over, ms; less when this gateway frees one. */
const busyMs = 100;
/** Keys that are asked for together: first the one whose turn it is, then ever more. */
const batches = [1, 16, 256];
/** After so many the pool counts as used up. */
const maxBatches = 50;

/** The right to use a key for one attempt. */
export interface Permit {
  /** Gives it back; idempotent. */
  end(): void;
}

/** A choice whose key is under its limits. */
export type PermittedChoice =
  | Exclude<Choice, { kind: 'target' }>
  | { readonly kind: 'target'; readonly target: Target; readonly permit?: Permit };

export interface KeyLimitsDeps {
  readonly limits: Limits;
  readonly clock: Clock;
}

/** Keeps keys and proxy keys to what their groups allow. Groups without limits cost nothing and wait for nobody. */
export class KeyLimits {
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #running = new Set<RunningUse>();
  /** Names this gateway's uses. */
  readonly #origin = randomBytes(9).toString('base64url');
  #uses = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ limits, clock }: KeyLimitsDeps) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Says again and again which uses go on. */
  start(): void {
    this.#timer = setInterval(() => {
      if (this.#running.size > 0) void this.#limits.keep([...this.#running]);
    }, slotTtlMs / 3);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Chooses key and upstream of the next attempt; a promise only where the group limits its keys. */
  choose(group: LiveGroup, request: ChoiceRequest): PermittedChoice | Promise<PermittedChoice> {
    const choice = chooseTarget(group, request);
    return choice.kind !== 'target' || choice.target.group.settings.keyAllowance === null
      ? choice
      : this.#permitted(choice, group, request);
  }

  /** Counts a request of a proxy key; how long it must wait instead, ms. */
  async proxyKeyWaitMs(group: LiveGroup, proxyKey: string, allowance: Allowance): Promise<number> {
    const names = [proxyKey];
    const request = { space: `proxy:${group.name}`, names, allowance, use: this.#newUse() };
    const [refusal] = (await this.#limits.take(request)).refused;
    return refusal?.why === 'per-minute' ? refusal.waitMs : 0;
  }

  async #permitted(
    first: Choice,
    group: LiveGroup,
    request: ChoiceRequest,
  ): Promise<PermittedChoice> {
    let choice = first;
    for (let asked = 0; asked < maxBatches; asked += 1) {
      if (choice.kind !== 'target') return choice;
      const { target } = choice;
      const allowance = target.group.settings.keyAllowance;
      // Another member of an aggregate, which has none.
      if (allowance === null) return choice;
      const keys = candidates(target, request, batches[asked] ?? batches.at(-1) ?? 1);
      const granted = await this.#take(target.group, keys, allowance);
      if (granted !== null) {
        const { key, permit } = granted;
        return { kind: 'target', target: { ...target, key }, ...(permit && { permit }) };
      }
      choice = chooseTarget(group, { ...request, nowMs: this.#clock.now() });
    }
    return { kind: 'no-key', soonestMs: undefined };
  }

  async #take(
    group: LiveStandardGroup,
    keys: readonly RingKey[],
    allowance: Allowance,
  ): Promise<{ key: RingKey; permit: Permit | null } | null> {
    const { name: groupName, pool } = group;
    const space = `keys:${groupName}`;
    const use = this.#newUse();
    const names = keys.map(({ id }) => id);
    const answer = await this.#limits.take({ space, names, allowance, use });
    const byId = new Map(keys.map((key) => [key.id, key]));
    const nowMs = this.#clock.now();
    for (const refusal of answer.refused) {
      const key = byId.get(refusal.name);
      const waitMs = refusal.why === 'per-minute' ? refusal.waitMs : busyMs;
      if (key !== undefined) pool.limit(key, nowMs + waitMs, nowMs);
    }
    const key = answer.granted === null ? undefined : byId.get(answer.granted);
    if (key === undefined) return null;
    if (allowance.atOnce === 0) return { key, permit: null };
    const running = { space, name: key.id, use };
    this.#running.add(running);
    const end = (): void => {
      if (!this.#running.delete(running)) return;
      void this.#limits.end(running);
      pool.unlimit(key, this.#clock.now());
    };
    return { key, permit: { end } };
  }

  #newUse(): string {
    this.#uses += 1;
    return `${this.#origin}-${this.#uses}`;
  }
}

/** The key whose turn it is and those after it. */
function candidates(
  { group, key }: Target,
  { tried, modelOf, nowMs }: ChoiceRequest,
  count: number,
): readonly RingKey[] {
  const keys = [key];
  const passed = [...tried.keys, key];
  while (keys.length < count) {
    const next = group.pool.choose(modelOf(group), passed, nowMs);
    if (next === undefined) break;
    keys.push(next);
    passed.push(next);
  }
  return keys;
}
