import type { KeyView, LogRow } from '@keymux/contracts';
import { type LoadResult, tagHeader } from '../clients/load.ts';
import type { Hit } from '../provider-simulator/hit.ts';

/** What clients, provider, log and keymanager each say of the same requests. */
export interface Accounts {
  /** Of clients. */
  readonly results: readonly LoadResult[];
  /** Of the provider, with those that it refused. */
  readonly hits: readonly Hit[];
  readonly refused: ReadonlySet<Hit>;
  /** All rows of the group. */
  readonly rows: readonly LogRow[];
  /** Secret → key, of all keys. */
  readonly keys: ReadonlyMap<string, KeyView>;
}

/**
 * Where they differ, a sentence each. Of a request that its client has no whole answer to, because
 * its gateway was killed, nobody knows how far it came: it may be in an account or not, once.
 */
export function reconcile({ results, hits, refused, rows, keys }: Accounts): string[] {
  const answered = results.filter(({ failure }) => failure === '');
  const lost = new Set(results.filter(({ failure }) => failure !== '').map(({ tag }) => tag));
  const differences: string[] = [];
  const say = (text: string): void => void differences.push(text);

  const hitsOfTag = Map.groupBy(hits, tagOf);
  const rowsOfId = Map.groupBy(rows, ({ request_id: id }) => id);
  for (const { tag, requestId } of answered) {
    const [row, ...more] = rowsOfId.get(requestId) ?? [];
    const tried = hitsOfTag.get(tag)?.length ?? 0;
    if (row === undefined) say(`${tag} (${requestId}) was answered and has no row`);
    else if (more.length > 0) say(`${requestId} has ${more.length + 1} rows`);
    else if (row.attempts.length !== tried) {
      say(`${requestId}: ${row.attempts.length} attempts in its row, ${tried} at the provider`);
    }
  }
  const ids = new Set(answered.map(({ requestId }) => requestId));
  const others = rows.filter(({ request_id: id }) => !ids.has(id)).length;
  if (others > lost.size) say(`${others} rows of requests that nobody had an answer to`);

  for (const [secret, key] of keys) {
    const all = hits.filter((hit) => hit.key === secret && tagOf(hit) !== '');
    between(all.length, all.filter(isLost).length, key.requests, `requests of ${key.masked}`);
    const failed = all.filter((hit) => refused.has(hit));
    between(failed.length, failed.filter(isLost).length, key.failures, `failures of ${secret}`);
  }
  return differences;

  function isLost(hit: Hit): boolean {
    return lost.has(tagOf(hit));
  }
  function between(most: number, unsure: number, counted: number, what: string): void {
    if (counted > most || counted < most - unsure) {
      say(`${what}: keymanager counts ${counted}, the provider ${most} (${unsure} unsure)`);
    }
  }
}

function tagOf({ headers }: Hit): string {
  const tag = headers[tagHeader];
  return typeof tag === 'string' ? tag : '';
}
