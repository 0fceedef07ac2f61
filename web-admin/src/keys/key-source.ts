import type { Answer } from '../api/api.ts';
import type { Key } from '../api/generated.ts';

type Page = Answer<'listKeys'>;

/** The pages of a list of keys that are known so far; the list grows while one scrolls. */
export interface KnownKeys {
  readonly keys: readonly Key[];
  readonly total: number;
  readonly next: string | null;
}

export const noKeys: KnownKeys = { keys: [], total: 0, next: null };

/** Adds a page; a key that moved in between is shown once. */
export function withPage(known: KnownKeys, page: Page): KnownKeys {
  const ids = new Set(known.keys.map(({ id }) => id));
  const keys = [...known.keys, ...page.items.filter(({ id }) => !ids.has(id))];
  return { keys, total: page.total ?? keys.length, next: page.next_cursor };
}

/** Puts in keys that changed. */
export function withChanged(known: KnownKeys, changed: readonly Key[]): KnownKeys {
  const fresh = new Map(changed.map((each) => [each.id, each]));
  return { ...known, keys: known.keys.map((each) => fresh.get(each.id) ?? each) };
}
