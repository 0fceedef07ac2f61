import type { IncomingHttpHeaders } from 'node:http';
import type { FieldScan } from './asked-fields.ts';
import { boundaryOf, FormScan } from './form-fields.ts';
import { TopLevelScan } from './top-level-json.ts';

/** How the fields of a request's body are read; null when they are not: a form and JSON, which is taken for what names no type. */
export function fieldScanFor(headers: IncomingHttpHeaders): FieldScan | null {
  if (headers['content-encoding'] !== undefined) return null;
  const type = headers['content-type'];
  if (type === undefined || /json/i.test(type)) return new TopLevelScan();
  const boundary = boundaryOf(type);
  return boundary === null ? null : new FormScan(boundary);
}
