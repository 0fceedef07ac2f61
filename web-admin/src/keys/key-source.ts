import type { Answer } from '../api/api.ts';
import type { Key } from '../api/generated.ts';

type Page = Answer<'listKeys'>;

/** Where a page that is known begins, and how it is asked for again. */
export interface KnownPage {
  readonly from: number;
  readonly cursor: string | undefined;
}

/** The pages of a list of keys that are known so far; the list grows while one scrolls. */
export interface KnownKeys {
  readonly keys: readonly Key[];
  /** Their ids: one set, which grows with the list, since a new one takes long where 100,000 keys are known. */
  readonly ids: Set<string>;
  readonly pages: readonly KnownPage[];
  readonly total: number;
  readonly next: string | null;
}

export const noKeys = (): KnownKeys => ({
  keys: [],
  ids: new Set(),
  pages: [],
  total: 0,
  next: null,
});

/** Adds the page after those that are known; a key that moved in between is shown once. */
export function withPage(known: KnownKeys, page: Page): KnownKeys {
  const { ids } = known;
  const fresh = page.items.filter(({ id }) => !ids.has(id));
  for (const { id } of fresh) ids.add(id);
  const keys = [...known.keys, ...fresh];
  const pages = [...known.pages, { from: known.keys.length, cursor: known.next ?? undefined }];
  return { keys, ids, pages, total: page.total ?? keys.length, next: page.next_cursor };
}

/** Begins with a fresh first page; somebody who has scrolled down keeps the place, where the list is the same. */
export function withFirst(known: KnownKeys, page: Page): KnownKeys {
  const fresh = withPage(noKeys(), page);
  const rest = known.keys.slice(fresh.keys.length);
  if (rest.length === 0 || known.keys[0]?.id !== fresh.keys[0]?.id) return fresh;
  for (const id of fresh.ids) known.ids.add(id);
  return { ...known, keys: [...fresh.keys, ...rest], total: fresh.total };
}

/** Puts in keys that changed. */
export function withChanged(known: KnownKeys, changed: readonly Key[]): KnownKeys {
  const fresh = new Map(changed.map((each) => [each.id, each]));
  return { ...known, keys: known.keys.map((each) => fresh.get(each.id) ?? each) };
}

/** The pages but the first that hold any of the keys from one place to before another. */
export function pagesIn(
  { pages, keys }: KnownKeys,
  { start, end }: { readonly start: number; readonly end: number },
): readonly KnownPage[] {
  return pages.filter(({ from }, at) => {
    const until = pages[at + 1]?.from ?? keys.length;
    return at > 0 && from < end && until > start;
  });
}
