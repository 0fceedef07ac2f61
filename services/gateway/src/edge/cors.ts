/** Cross-origin rules from the environment (`ENABLE_CORS` and the `ALLOWED_*` variables). */
export interface CorsRules {
  readonly enabled: boolean;
  /** Exact origins, or `*`. */
  readonly allowedOrigins: readonly string[];
  readonly allowedMethods: readonly string[];
  readonly allowedHeaders: readonly string[];
  readonly allowCredentials: boolean;
}

/**
 * Headers for an answer to a request from `origin`, as a flat list; empty when it is not allowed.
 * With credentials the origin itself is named: browsers refuse `*` then (Fetch standard, CORS protocol).
 */
export function corsHeaders(rules: CorsRules, origin: string | undefined): string[] {
  if (!rules.enabled || origin === undefined) return [];
  const any = rules.allowedOrigins.includes('*');
  if (!any && !rules.allowedOrigins.includes(origin)) return [];
  const named = !any || rules.allowCredentials;
  return [
    'access-control-allow-origin',
    named ? origin : '*',
    ...(named ? ['vary', 'origin'] : []),
    ...(rules.allowCredentials ? ['access-control-allow-credentials', 'true'] : []),
    'access-control-expose-headers',
    'x-request-id, x-keymux-error, retry-after',
  ];
}

/** Headers for the answer to a preflight; null when it is to be treated like a request. */
export function preflightHeaders(
  rules: CorsRules,
  request: {
    readonly method: string | undefined;
    readonly origin: string | undefined;
    readonly requestedMethod: string | undefined;
    readonly requestedHeaders: string | undefined;
  },
): string[] | null {
  if (request.method !== 'OPTIONS' || request.requestedMethod === undefined) return null;
  const allowed = corsHeaders(rules, request.origin);
  if (allowed.length === 0) return null;
  const list = (names: readonly string[], requested: string | undefined): string =>
    names.includes('*') ? (requested ?? '*') : names.join(', ');
  return [
    ...allowed,
    'access-control-allow-methods',
    list(rules.allowedMethods, request.requestedMethod),
    'access-control-allow-headers',
    list(rules.allowedHeaders, request.requestedHeaders),
    'access-control-max-age',
    '600',
  ];
}
