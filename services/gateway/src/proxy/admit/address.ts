/** Where a request to `/proxy/{group}/{rest}` wants to go; path and query are kept byte for byte. */
export interface Address {
  readonly group: string;
  /** From the slash after the group on, without the query. */
  readonly path: string;
  /** With its question mark, without the client's credential; or empty. */
  readonly query: string;
  /** The proxy key of `?key=`, decoded. */
  readonly queryKey: string | null;
}

const prefix = '/proxy/';

/** Takes an address apart; null when it is not one of the proxy's. */
export function parseAddress(url: string): Address | null {
  if (!url.startsWith(prefix)) return null;
  const questionMark = url.indexOf('?');
  const pathEnd = questionMark === -1 ? url.length : questionMark;
  const slash = url.indexOf('/', prefix.length);
  const groupEnd = slash === -1 || slash > pathEnd ? pathEnd : slash;
  const rawQuery = url.slice(pathEnd);
  const withKey = rawQuery.includes('key=') ? takeKey(rawQuery) : { query: rawQuery, key: null };
  return {
    group: url.slice(prefix.length, groupEnd),
    path: groupEnd === pathEnd ? '/' : url.slice(groupEnd, pathEnd),
    query: withKey.query,
    queryKey: withKey.key,
  };
}

function takeKey(rawQuery: string): { query: string; key: string | null } {
  let key: string | null = null;
  const rest = rawQuery
    .slice(1)
    .split('&')
    .filter((pair) => {
      if (!pair.startsWith('key=')) return true;
      key ??= decode(pair.slice(4));
      return false;
    });
  return { query: rest.length === 0 ? '' : `?${rest.join('&')}`, key };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text; // not percent-encoding: compared as it stands
  }
}
