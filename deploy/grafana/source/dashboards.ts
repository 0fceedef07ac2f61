import { type Plan, dashboardOf } from './dashboard.ts';
import { keysAndPools } from './keys-and-pools.ts';
import { operation } from './operation.ts';
import { overview } from './overview.ts';

const plans: readonly Plan[] = [overview, keysAndPools, operation];

/** The text of each dashboard, by the name of its file. */
export const dashboards: ReadonlyMap<string, string> = new Map(
  plans.map((plan) => [`${plan.uid}.json`, `${JSON.stringify(dashboardOf(plan), null, 2)}\n`]),
);
