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

/** How bad it is, among those of its kind. */
const gravity = (concern: Concern): number => {
  if ('share' in concern) return concern.share;
  return 'n' in concern ? concern.n : 0;
};

/** Whether something worse says already why so many of its requests fail. */
const isExplained = (group: string, concerns: readonly Concern[]): boolean =>
  concerns.some(
    (each) =>
      each.group === group &&
      (each.kind === 'none-usable' ||
        (each.kind === 'failing-upstream' && each.share >= manyErrors)),
  );

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
      ...keyConcerns(group, {
        counts: known.keys && (known.keys.get(group.name) ?? {}),
        isAsked: (totals.get(group.name)?.requests ?? 0) > 0,
      }),
      ...trafficConcerns(group.name, totals.get(group.name)),
    ])
    .filter((concern, _, all) => concern.kind !== 'many-errors' || !isExplained(concern.group, all))
    .toSorted(
      (a, b) => worstFirst.indexOf(a.kind) - worstFirst.indexOf(b.kind) || gravity(b) - gravity(a),
    );
}

function keyConcerns(
  { name, type, upstreams }: Group,
  { counts, isAsked }: { readonly counts: KeyCounts | undefined; readonly isAsked: boolean },
): Concern[] {
  if (type === 'aggregate') return [];
  if (!upstreams.some(({ weight }) => weight > 0)) return [{ kind: 'no-upstream', group: name }];
  if (counts === undefined) return [];
  const of = Object.values(counts).reduce((sum, each) => sum + each, 0);
  const usable = counts['active'] ?? 0;
  if (of === 0 && !isAsked) return [{ kind: 'no-keys', group: name }];
  if (usable === 0) return [{ kind: 'none-usable', group: name }];
  return usable < of * fewShare ? [{ kind: 'few-usable', group: name, usable, of }] : [];
}

function trafficConcerns(group: string, totals: GroupTotals | undefined): Concern[] {
  if (totals === undefined || totals.requests < enoughRequests) return [];
  return totals.error_rate >= manyErrors
    ? [{ kind: 'many-errors', group, share: totals.error_rate }]
    : [];
}
