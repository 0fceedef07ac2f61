/** A group whose keys are probed every `intervalMs`. */
export interface ScheduledGroup {
  readonly name: string;
  readonly intervalMs: number;
}

/** When each group is looked at again, in epoch ms. */
export type Schedule = ReadonlyMap<string, number>;

const leastPeriodMs = 10_000;
const looksPerInterval = 10;

/**
 * How often a group is looked at: its keys became due at different times, so a look an interval apart would find a key up to
 * an interval late. With ten looks it is at most a tenth, or ten seconds.
 */
export function periodMs(intervalMs: number): number {
  return Math.max(leastPeriodMs, intervalMs / looksPerInterval);
}

/**
 * The groups to look at now, and when each is next. Groups that are new begin at a random moment of their period, and each
 * period is up to a fifth shorter at random, so that groups do not come all at once. `random` gives numbers from 0 up to 1.
 */
export function lookAround(
  schedule: Schedule,
  groups: readonly ScheduledGroup[],
  { nowMs, random }: { readonly nowMs: number; readonly random: () => number },
): { readonly due: readonly string[]; readonly schedule: Schedule } {
  const due: string[] = [];
  const next = new Map<string, number>();
  for (const { name, intervalMs } of groups) {
    const period = periodMs(intervalMs);
    const planned = schedule.get(name) ?? nowMs + random() * period;
    // An interval that was made shorter counts from now on.
    const at = Math.min(planned, nowMs + period);
    if (at > nowMs) {
      next.set(name, at);
      continue;
    }
    due.push(name);
    next.set(name, nowMs + period * (1 - random() / 5));
  }
  return { due, schedule: next };
}

/** Keys whose last probe was before this moment (epoch ms) are due. */
export function dueBeforeMs(nowMs: number, intervalMs: number): number {
  return nowMs - intervalMs;
}
