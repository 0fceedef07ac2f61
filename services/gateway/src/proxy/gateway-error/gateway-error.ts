/** Every error that the gateway itself makes: one row each, documented one to one in docs/errors.md. */
export const gatewayErrors = {
  bad_request: { status: 400, message: 'The request cannot be forwarded as it is.' },
  body_unreadable: {
    status: 400,
    message: 'The group changes requests, and this body is not a JSON object.',
  },
  missing_proxy_key: {
    status: 401,
    message: 'No proxy key: send one as Authorization: Bearer, x-api-key, x-goog-api-key or ?key=.',
  },
  invalid_proxy_key: { status: 401, message: 'The proxy key is not valid for this group.' },
  proxy_key_rate_limited: {
    status: 429,
    message: 'The proxy key has used up its requests of this minute.',
  },
  unknown_group: { status: 404, message: 'There is no such group.' },
  model_not_allowed: { status: 404, message: 'The group does not serve this model.' },
  request_timeout: { status: 504, message: 'The request did not end within request_timeout.' },
  body_too_large: {
    status: 413,
    message: 'The group changes requests, and this body is too large to be changed.',
  },
  group_disabled: { status: 503, message: 'The group is disabled.' },
  overloaded: { status: 503, message: 'Too many requests at the same time; try again.' },
  draining: { status: 503, message: 'Keymux is stopping; try again.' },
  not_ready: { status: 503, message: 'Keymux is starting; try again.' },
  no_key: { status: 503, message: 'No key of the group can be used now.' },
  no_upstream: { status: 503, message: 'The group has no upstream with a weight.' },
  loop_detected: {
    status: 508,
    message: 'The request came from this Keymux: an upstream points back.',
  },
  upstream_unreachable: { status: 502, message: 'No upstream could be reached.' },
  upstream_failed: { status: 502, message: 'The upstream did not give a usable answer.' },
  upstream_timeout: { status: 504, message: 'The upstream did not answer in time.' },
  internal_error: { status: 500, message: 'Keymux failed; the log has the request id.' },
} as const;

export type GatewayErrorCode = keyof typeof gatewayErrors;
