import type { LogRow } from '@keymux/contracts';
import { facetMatches } from './facet.ts';
import type { LogFilter } from './log-filter.ts';

/** Whether a row is one of those asked for. */
export function matches(row: LogRow, filter: LogFilter): boolean {
  const timeMs = Date.parse(row.time);
  return (
    facetMatches(row, filter) &&
    (filter.keyId === undefined || row.attempts.some(({ key_id }) => key_id === filter.keyId)) &&
    (filter.text === undefined || searchedText(row).includes(filter.text.toLowerCase())) &&
    (filter.fromMs === undefined || timeMs >= filter.fromMs) &&
    (filter.toMs === undefined || timeMs < filter.toMs)
  );
}

/**
 * What a search for text looks at, in lower case: path, error, user agent; of failed requests also the
 * upstream's request id. Without it all good requests of one client are the same few texts.
 */
export function searchedText(row: LogRow): string {
  const { path, error, user_agent, upstream_request_id } = row;
  const failed = error === null ? '' : `\n${error}\n${upstream_request_id ?? ''}`;
  return `${path}\n${user_agent ?? ''}${failed}`.toLowerCase();
}
