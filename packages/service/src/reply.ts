import type { Operation, RawResponse } from '@keymux/contracts';
import type { Response } from 'express';
import { Value } from 'typebox/value';
import { isProblem, sendProblem, type Problem } from './problem.ts';
import { explainErrors } from './schema-errors.ts';

/** What a handler answers with; `handled` when it wrote the response itself. */
export type Reply =
  | { status: number; body?: unknown; headers?: Readonly<Record<string, string | string[]>> }
  | Problem
  | 'handled';

const contentTypes: Readonly<Record<RawResponse, string>> = {
  text: 'text/plain; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson',
  sse: 'text/event-stream',
  empty: 'text/plain',
};

function isRaw(form: unknown): form is RawResponse {
  return typeof form === 'string' && Object.hasOwn(contentTypes, form);
}

/** Sends a reply in the form that the operation gives its status. */
export function sendReply(res: Response, operation: Operation, reply: Reply): void {
  if (reply === 'handled') return;
  if (isProblem(reply)) return sendProblem(res, reply);
  const form = operation.responses[reply.status];
  const type = isRaw(form) ? contentTypes[form] : 'application/json; charset=utf-8';
  res.statusCode = reply.status;
  res.setHeader('cache-control', 'no-store');
  res.setHeader('x-content-type-options', 'nosniff');
  if (reply.body !== undefined) res.setHeader('content-type', type);
  for (const [name, value] of Object.entries(reply.headers ?? {})) res.setHeader(name, value);
  if (reply.body === undefined) res.end();
  else res.end(isRaw(form) ? String(reply.body) : JSON.stringify(reply.body));
}

/** Throws when a reply is not what the operation declares: its status, or a body that does not fit the schema. */
export function checkReply(operation: Operation, reply: Reply): void {
  if (reply === 'handled' || isProblem(reply)) return;
  const form = operation.responses[reply.status];
  if (form === undefined) throw new Error(`${operation.id} does not declare ${reply.status}`);
  if (isRaw(form)) return;
  // As the client sees it: without what JSON leaves out.
  const seen: unknown =
    reply.body === undefined ? undefined : JSON.parse(JSON.stringify(reply.body));
  if (Value.Check(form, seen)) return;
  const errors = explainErrors(form, seen, { root: 'body', noun: 'field' });
  const list = errors.map(({ field, message }) => `${field} ${message}`).join('; ');
  throw new Error(`the reply of ${operation.id} does not fit its schema: ${list}`);
}
