import type { Sort } from './key-feed.ts';
import { type KeyStatus, statuses } from './key-status.ts';

const fields = ['created_at', 'last_used_at', 'requests', 'failures'] as const;
const sorts: readonly Sort[] = fields.flatMap((field): Sort[] => [field, `-${field}`]);
const usual: Sort = 'created_at';

/** Which keys of a group are listed. */
export interface KeyFilters {
  readonly status: KeyStatus | '';
  readonly q: string;
  readonly sort: Sort;
}

type Params = Readonly<Partial<Record<keyof KeyFilters, string | undefined>>>;

/** What an address asks for; what it cannot ask for is left out. */
export function readFilters({ status, q, sort }: Params): KeyFilters {
  return {
    status: statuses.find((each) => each === status) ?? '',
    q: q ?? '',
    sort: sorts.find((each) => each === sort) ?? usual,
  };
}

/** The part of an address that asks for this; null takes a part away. */
export function toParams({ status, q, sort }: KeyFilters): Record<keyof KeyFilters, string | null> {
  return { status: status || null, q: q.trim() || null, sort: sort === usual ? null : sort };
}
