import type { Problem as ProblemDetails } from './generated.ts';

/** The server said no, and why: RFC 9457. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly details: ProblemDetails;
  readonly retryAfterSeconds: number | null;
  /** What the server's log knows the request by. */
  readonly requestId: string | null;

  constructor(
    details: ProblemDetails,
    more: { readonly retryAfterSeconds?: number | null; readonly requestId?: string | null } = {},
  ) {
    super(details.detail ?? details.title);
    this.details = details;
    this.retryAfterSeconds = more.retryAfterSeconds ?? null;
    this.requestId = more.requestId ?? null;
  }

  get status(): number {
    return this.details.status;
  }
}

/** What the server said of each field, by the field's name with dots all the way: `upstreams.0.url`. */
export function refusedFields(error: unknown): Readonly<Record<string, string>> {
  const errors = error instanceof ApiProblem ? (error.details.errors ?? []) : [];
  return Object.fromEntries(
    errors.map(({ field, message }) => [field.replaceAll(/\[(\d+)\]/g, '.$1'), message]),
  );
}

/** The edge answers 503 when the admin API is away, a proxy in front 502 or 504. */
export const isAway = (status: number): boolean => status >= 502 && status <= 504;

/** Whose session ended is asked to sign in: where it failed, nothing is to be said. */
export const isSignedOut = (error: unknown): boolean =>
  error instanceof ApiProblem && error.status === 401;

/** The server could not be reached. */
export class ServerAway extends Error {
  override readonly name = 'ServerAway';
}

function isDetails(value: unknown): value is ProblemDetails {
  return (
    typeof value === 'object' &&
    value !== null &&
    'title' in value &&
    typeof value.title === 'string' &&
    'status' in value &&
    typeof value.status === 'number'
  );
}

/** Reads the problem out of an answer that is not a success, whoever made it. */
export async function readProblem(answer: Response): Promise<ApiProblem> {
  const text = await answer.text();
  const retryAfter = Number(answer.headers.get('retry-after') ?? 'none');
  const more = {
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : null,
    requestId: answer.headers.get('x-request-id'),
  };
  if (answer.headers.get('content-type')?.includes('json') === true) {
    const details: unknown = JSON.parse(text);
    if (isDetails(details)) return new ApiProblem(details, more);
  }
  const { status, statusText } = answer;
  return new ApiProblem({ type: 'about:blank', title: `${status} ${statusText}`, status }, more);
}
