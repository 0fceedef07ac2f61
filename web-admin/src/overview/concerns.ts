import type { Answer } from '../api/api.ts';
import type { Group } from '../api/generated.ts';
import type { Trouble } from './troubles.ts';

type GroupTotals = Answer<'statsOverview'>['groups'][number];
type KeyCounts = Readonly<Record<string, number>>;

export type Concern =
  | Trouble
  | { readonly kind: 'no-keys' | 'none-usable' | 'no-upstream'; readonly group: string }
  | { readonly kind: 'few-usable'; readonly group: string; usable: number; of: number }
  | { readonly kind: 'many-errors'; readonly group: string; readonly share: number };

const fewShare = 0.2;
const manyErrors = 0.2;
/** Fewer requests say little about the rest. */
const enoughRequests = 20;
const worstFirst = [
  'none-usable',
  'guard',
  'failing-upstream',
  'many-errors',
  'no-upstream',
  'few-usable',
  'no-keys',
];

/** Which groups a person should look at, the worst first. */
export function concernsOf(
  groups: readonly Group[],
  known: {
    readonly totals: readonly GroupTotals[];
    /** By group, without those that have none; undefined while it is not known. */
    readonly keys: ReadonlyMap<string, KeyCounts> | undefined;
    readonly troubles: readonly Trouble[];
  },
): readonly Concern[] {
  const totals = new Map(known.totals.map((each) => [each.group, each]));
  return groups
    .filter((group) => group.enabled)
    .flatMap((group) => [
      ...known.troubles.filter((each) => each.group === group.name),
      ...keyConcerns(group, known.keys && (known.keys.get(group.name) ?? {})),
      ...trafficConcerns(group.name, totals.get(group.name)),
    ])
    .toSorted((a, b) => worstFirst.indexOf(a.kind) - worstFirst.indexOf(b.kind));
}

function keyConcerns({ name, type, upstreams }: Group, counts: KeyCounts | undefined): Concern[] {
  if (type === 'aggregate') return [];
  if (!upstreams.some(({ weight }) => weight > 0)) return [{ kind: 'no-upstream', group: name }];
  if (counts === undefined) return [];
  const of = Object.values(counts).reduce((sum, each) => sum + each, 0);
  const usable = counts['active'] ?? 0;
  if (of === 0) return [{ kind: 'no-keys', group: name }];
  if (usable === 0) return [{ kind: 'none-usable', group: name }];
  return usable < of * fewShare ? [{ kind: 'few-usable', group: name, usable, of }] : [];
}

function trafficConcerns(group: string, totals: GroupTotals | undefined): Concern[] {
  if (totals === undefined || totals.requests < enoughRequests) return [];
  return totals.error_rate >= manyErrors
    ? [{ kind: 'many-errors', group, share: totals.error_rate }]
    : [];
}
