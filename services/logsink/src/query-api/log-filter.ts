import type { LogRow } from '@keymux/contracts';
import type { FieldError } from '@keymux/service';
import type { LogFilter } from '../log-store/log-store.ts';
import { isError } from '../rollups/rollup.ts';

/** The filters of the API, checked by its schema. */
export interface FilterQuery {
  readonly group?: string;
  readonly model?: string;
  readonly status?: string;
  readonly outcome?: string;
  readonly key?: string;
  readonly proxy_key?: string;
  readonly q?: string;
  readonly from?: string;
  readonly to?: string;
}

/** A filter out of a query, or what is wrong with it. */
export function readFilter(
  query: FilterQuery,
): { kind: 'filter'; filter: LogFilter } | { kind: 'wrong'; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const time = (field: 'from' | 'to'): number | undefined => {
    const text = query[field];
    if (text === undefined) return undefined;
    const timeMs = Date.parse(text);
    if (Number.isNaN(timeMs)) {
      errors.push({ field, message: 'is not a time such as 2026-01-31T12:00:00Z' });
    }
    return timeMs;
  };
  const fromMs = time('from');
  const toMs = time('to');
  const { status, outcome } = query;
  const filter: LogFilter = {
    ...(query.group === undefined ? {} : { group: query.group }),
    ...(query.model === undefined ? {} : { model: query.model }),
    ...(status === undefined
      ? {}
      : {
          status: status.endsWith('xx') ? { class: Number(status[0]) } : { exact: Number(status) },
        }),
    ...(isOutcome(outcome) ? { outcome } : {}),
    ...(query.key === undefined ? {} : { keyId: query.key }),
    ...(query.proxy_key === undefined ? {} : { proxyKey: query.proxy_key }),
    ...(query.q === undefined || query.q === '' ? {} : { text: query.q }),
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
  };
  return errors.length > 0 ? { kind: 'wrong', errors } : { kind: 'filter', filter };
}

function isOutcome(text: string | undefined): text is NonNullable<LogFilter['outcome']> {
  return (
    text !== undefined && ['ok', 'error', 'client', 'gateway', 'key', 'upstream'].includes(text)
  );
}

/** Whether a row is one of those asked for; the same rules as the store's. */
export function matches(row: LogRow, filter: LogFilter): boolean {
  const timeMs = Date.parse(row.time);
  const text = filter.text?.toLowerCase();
  return (
    (filter.group === undefined || row.group === filter.group || row.aggregate === filter.group) &&
    (filter.model === undefined || row.model === filter.model) &&
    (filter.status === undefined ||
      ('exact' in filter.status
        ? row.status === filter.status.exact
        : Math.floor(row.status / 100) === filter.status.class)) &&
    (filter.outcome === undefined ||
      (filter.outcome === 'ok'
        ? row.at_fault === null && row.status < 400
        : filter.outcome === 'error'
          ? row.status === 499 || isError(row)
          : row.at_fault === filter.outcome)) &&
    (filter.keyId === undefined || row.attempts.some(({ key_id }) => key_id === filter.keyId)) &&
    (filter.proxyKey === undefined || row.proxy_key === filter.proxyKey) &&
    (text === undefined ||
      `${row.path}\n${row.error ?? ''}\n${row.user_agent ?? ''}`.toLowerCase().includes(text)) &&
    (filter.fromMs === undefined || timeMs >= filter.fromMs) &&
    (filter.toMs === undefined || timeMs < filter.toMs)
  );
}
