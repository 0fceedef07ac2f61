import type { ServerResponse } from 'node:http';
import type { ProblemDetails } from '@keymux/contracts';

/** Every error that the admin API can answer: its status and the sentence for a person. */
export const problemTable = {
  malformed_request: { status: 400, title: 'The request cannot be read' },
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  not_logged_in: { status: 401, title: 'Log in first, or send Authorization: Bearer AUTH_KEY' },
  wrong_auth_key: { status: 401, title: 'The auth key is wrong' },
  forbidden: { status: 403, title: 'This is not allowed' },
  cross_site: { status: 403, title: 'The request came from another site' },
  not_found: { status: 404, title: 'There is nothing here' },
  method_not_allowed: { status: 405, title: 'This address does not take this method' },
  conflict: { status: 409, title: 'The current state does not allow this' },
  name_taken: { status: 409, title: 'The name is taken' },
  stale_revision: { status: 409, title: 'It was changed meanwhile: load it again' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body has the wrong content type' },
  invalid: { status: 422, title: 'Some fields are wrong' },
  too_many_requests: { status: 429, title: 'Too many requests: wait a little' },
  internal: { status: 500, title: 'Something went wrong; the log says what' },
  unavailable: { status: 503, title: 'The service is not ready' },
} as const satisfies Record<string, { status: number; title: string }>;

/** The stable name of an error; also the end of its `type` URI. */
export type ProblemCode = keyof typeof problemTable;

/** What is wrong with one field: `config.max_retries`, `upstreams[0].url`. */
export interface FieldError {
  field: string;
  message: string;
}

/** An error for the client, as a value; becomes RFC 9457 problem details. */
export interface Problem {
  kind: 'problem';
  code: ProblemCode;
  detail?: string;
  errors?: readonly FieldError[];
  headers?: Readonly<Record<string, string>>;
}

/** Makes a problem from its row in {@link problemTable}. */
export function problem(
  code: ProblemCode,
  more: { detail?: string; errors?: readonly FieldError[]; headers?: Record<string, string> } = {},
): Problem {
  return { kind: 'problem', code, ...more };
}

/** True for a problem among the other things that a check may give. */
export function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'problem';
}

/** A 422 about a single field. */
export function invalidField(field: string, message: string): Problem {
  return problem('invalid', { errors: [{ field, message }] });
}

/** The body that {@link sendProblem} sends. */
export function problemDetails(sent: Problem, requestId?: string): ProblemDetails {
  const { status, title } = problemTable[sent.code];
  return {
    type: `urn:keymux:problem:${sent.code}`,
    title,
    status,
    ...(sent.detail === undefined ? {} : { detail: sent.detail }),
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...(sent.errors === undefined ? {} : { errors: [...sent.errors] }),
  };
}

/** Answers with `application/problem+json`, naming the `x-request-id` that the response carries. */
export function sendProblem(res: ServerResponse, sent: Problem): void {
  const requestId = res.getHeader('x-request-id');
  const details = problemDetails(sent, typeof requestId === 'string' ? requestId : undefined);
  res.statusCode = details.status;
  for (const [name, value] of Object.entries(sent.headers ?? {})) res.setHeader(name, value);
  res.setHeader('content-type', 'application/problem+json');
  res.setHeader('cache-control', 'no-store');
  res.end(JSON.stringify(details));
}
