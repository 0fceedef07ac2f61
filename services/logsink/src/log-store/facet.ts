import type { LogRow } from '@keymux/contracts';
import { isError } from '../rollups/rollup.ts';
import { hashOf } from './hash.ts';
import type { LogFilter } from './log-filter.ts';

/**
 * What many rows have in common. A day has a few hundred facets and millions of rows: a filter picks
 * facets, and rows are indexed by facet alone, so that no combination of filters reads rows in vain.
 */
export type Facet = Pick<
  LogRow,
  'group' | 'aggregate' | 'model' | 'status' | 'at_fault' | 'proxy_key'
>;

/** The facet of a row, and nothing else of it. */
export function facetOf(row: Facet): Facet {
  const { group, aggregate, model, status, at_fault, proxy_key } = row;
  return { group, aggregate, model, status, at_fault, proxy_key };
}

/** The same for equal facets, wherever it is made. */
export function facetId(facet: Facet): number {
  const { group, aggregate, model, status, at_fault, proxy_key } = facet;
  return hashOf(JSON.stringify([group, aggregate, model, status, at_fault, proxy_key]));
}

/** Whether a filter says anything about facets. */
export function picksFacets(filter: LogFilter): boolean {
  const { group, model, status, outcome, proxyKey } = filter;
  return [group, model, status, outcome, proxyKey].some((each) => each !== undefined);
}

/** Whether rows of a facet may be asked for. */
export function facetMatches(facet: Facet, filter: LogFilter): boolean {
  const { group, model, status, outcome, proxyKey } = filter;
  return (
    (group === undefined || facet.group === group || facet.aggregate === group) &&
    (model === undefined || facet.model === model) &&
    (proxyKey === undefined || facet.proxy_key === proxyKey) &&
    statusMatches(facet.status, status) &&
    outcomeMatches(facet, outcome)
  );
}

function statusMatches(status: number, asked: LogFilter['status']): boolean {
  if (asked === undefined) return true;
  return 'exact' in asked ? status === asked.exact : Math.floor(status / 100) === asked.class;
}

function outcomeMatches(facet: Facet, outcome: LogFilter['outcome']): boolean {
  switch (outcome) {
    case undefined:
      return true;
    case 'ok':
      return facet.at_fault === null && facet.status < 400;
    case 'error':
      return facet.status === 499 || isError(facet);
    case 'client':
    case 'gateway':
    case 'key':
    case 'upstream':
      return facet.at_fault === outcome;
    default:
      return outcome satisfies never;
  }
}
