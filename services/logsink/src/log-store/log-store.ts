import type { LogRow } from '@keymux/contracts';
import type { Rollup } from '../rollups/rollup.ts';

/** A row with the text it came as. */
export interface ReceivedRow {
  readonly row: LogRow;
  readonly json: string;
}

/** Which rows are asked for; times are epoch ms, `toMs` is exclusive. */
export interface LogFilter {
  readonly group?: string;
  readonly model?: string;
  /** An exact status, or a class: 4 for 400 to 499. */
  readonly status?: { readonly exact: number } | { readonly class: number };
  readonly outcome?: 'ok' | 'error' | 'client' | 'gateway' | 'key' | 'upstream';
  readonly keyId?: string;
  readonly proxyKey?: string;
  readonly text?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** Keeps request logs by the day. */
export interface LogStore {
  /** Writes rows that it does not have yet, with their rollups; tells how many were new. */
  write(rows: readonly ReceivedRow[]): Promise<number>;
  /** Newest first, of ids below `before`. */
  find(filter: LogFilter, before: string | null, limit: number): Promise<LogRow[]>;
  get(requestId: string): Promise<LogRow | null>;
  rollups(fromMs: number, toMs: number): Promise<Rollup[]>;
  /** Drops whole days before a time; their rollups are kept by the hour. Tells which days. */
  dropBefore(timeMs: number): Promise<string[]>;
}
