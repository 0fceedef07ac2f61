import type { FieldError } from '@keymux/service';
import type { LogFilter } from '../log-store/log-filter.ts';
import { placeOf } from '../log-store/place.ts';

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
  /** Where a list goes on. */
  readonly cursor?: string;
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
  const { status, outcome, cursor } = query;
  if (cursor !== undefined && placeOf(cursor) === null) {
    errors.push({ field: 'cursor', message: 'is not a next_cursor of this list' });
  }
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
