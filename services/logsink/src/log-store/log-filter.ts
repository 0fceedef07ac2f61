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
