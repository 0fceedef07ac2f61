import type { LogRow } from '@keymux/contracts';

const columns: readonly (readonly [string, (row: LogRow) => unknown])[] = [
  ['request_id', (row) => row.request_id],
  ['time', (row) => row.time],
  ['group', (row) => row.group],
  ['aggregate', (row) => row.aggregate],
  ['channel', (row) => row.channel],
  ['proxy_key', (row) => row.proxy_key],
  ['method', (row) => row.method],
  ['path', (row) => row.path],
  ['model', (row) => row.model],
  ['model_sent', (row) => row.model_sent],
  ['streaming', (row) => row.streaming],
  ['status', (row) => row.status],
  ['at_fault', (row) => row.at_fault],
  ['error', (row) => row.error],
  ['attempts', (row) => row.attempts.length],
  ['ttfb_ms', (row) => row.ttfb_ms],
  ['duration_ms', (row) => row.duration_ms],
  ['bytes_in', (row) => row.bytes_in],
  ['bytes_out', (row) => row.bytes_out],
  ['tokens_in', (row) => row.tokens.input],
  ['tokens_out', (row) => row.tokens.output],
  ['tokens_cached', (row) => row.tokens.cached],
  ['tokens_reasoning', (row) => row.tokens.reasoning],
  ['source_ip', (row) => row.source_ip],
  ['user_agent', (row) => row.user_agent],
  ['revision', (row) => row.revision],
  ['trace_id', (row) => row.trace_id],
  ['upstream_request_id', (row) => row.upstream_request_id],
];

/** The first line of an export. */
export const csvHeader = `${columns.map(([name]) => name).join(',')}\r\n`;

/** A row as a line of CSV (RFC 4180); a cell that a spreadsheet would run as a formula gets a quote before it. */
export function csvLine(row: LogRow): string {
  return `${columns.map(([, read]) => cell(read(row))).join(',')}\r\n`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = String(value);
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
