import type { ErrorFacts } from '@keymux/channels';

/** Codes and types that say that the account behind a key is at its end, not just busy. */
const exhausted: ReadonlySet<string> = new Set([
  'insufficient_quota',
  'exceeded_current_quota_error',
  'billing_hard_limit_reached',
  'billing_not_active',
  'billing_error',
  'billing_disabled',
  'insufficient_balance',
  'insufficient_credits',
  'account_deactivated',
  'account_suspended',
  'access_terminated',
  'consumer_suspended',
  // Aliyun's, with 400.
  'arrearage',
]);

const keyCodes: ReadonlySet<string> = new Set([
  'invalid_api_key',
  'api_key_invalid',
  'api_key_expired',
  'api_key_service_blocked',
  'api_key_http_referrer_blocked',
  'api_key_ip_address_blocked',
  'consumer_invalid',
  'service_disabled',
  // One API's and its relatives': what is left may do for a smaller request.
  'insufficient_user_quota',
  'pre_consume_token_quota_failed',
]);

/** What an error event would have had as its status, had it come as an answer. */
const statusByName: ReadonlyMap<string, number> = new Map([
  ['invalid_api_key', 401],
  ['authentication_error', 401],
  ['unauthenticated', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['permission_denied', 403],
  ['model_not_found', 404],
  ['not_found_error', 404],
  ['not_found', 404],
  ['request_too_large', 413],
  ['insufficient_quota', 429],
  ['rate_limit_exceeded', 429],
  ['rate_limit_error', 429],
  ['resource_exhausted', 429],
  ['unavailable', 503],
  ['overloaded_error', 529],
  ['context_length_exceeded', 400],
  ['invalid_request_error', 400],
  ['invalid_argument', 400],
  ['failed_precondition', 400],
]);

function names(error: ErrorFacts): string[] {
  return [error.code, error.type].flatMap((each) => (each === null ? [] : [each.toLowerCase()]));
}

/** The status that an error event stands for, or null. */
export function statusOfEvent(error: ErrorFacts): number | null {
  if (error.code !== null && /^[45]\d\d$/.test(error.code)) return Number(error.code);
  for (const name of names(error)) {
    const status = statusByName.get(name);
    if (status !== undefined) return status;
  }
  return null;
}

/**
 * The provider's own words: without addresses (OpenAI's rate-limit text links to its billing
 * page) and without what a client may have put there. A model called "suspended" must not
 * blacklist a pool.
 */
function ownWords(error: ErrorFacts, model: string | null): string {
  const words = error.message
    .replaceAll(/https?:\/\/\S+/g, ' ')
    .replaceAll(/`[^`]*`|"[^"]*"|'[^'\s]*'/g, ' ');
  return (model === null ? words : words.replaceAll(model, ' ')).toLowerCase();
}

/** Whether the account behind the key is suspended, deactivated or out of money. */
export function saysExhausted(status: number, error: ErrorFacts, model: string | null): boolean {
  const named = names(error);
  if (named.some((name) => exhausted.has(name))) return true;
  const words = ownWords(error, model);
  // Anthropic's words for an account that was closed, and for one without money.
  const closed = words.startsWith('this organization has been disabled');
  if (status === 400) return closed || words.includes('credit balance is too low');
  if (status !== 401 && status !== 403 && status !== 429) return false;
  if (closed || /\b(?:suspended|deactivated)\b/.test(words)) return true;
  // xAI's words, with 403 or 429.
  if (/\bused all available credits\b|\brun out of credits\b/.test(words)) return true;
  // SiliconFlow's and Zhipu's.
  if (
    /\binsufficient (?:account )?balance\b|\bbalance is (?:insufficient|not enough)\b|余额不足/.test(
      words,
    )
  )
    return true;
  // Gemini words every rate limit as "check your plan and billing details".
  const busy =
    named.some((name) => name === 'resource_exhausted' || name.startsWith('rate_limit')) ||
    /rate.?limit|per (?:second|minute|hour|day)/.test(words);
  return !busy && /\bbilling\b/.test(words);
}

/** Whether an error says that the key is not valid, whatever its status. */
export function saysKeyInvalid(error: ErrorFacts): boolean {
  return (
    names(error).some((name) => keyCodes.has(name)) ||
    /^api key (?:not valid|expired)/i.test(error.message)
  );
}

/** Whether a 403 is about the key itself and not about what may be done with it, or from where. */
export function speaksOfKey(error: ErrorFacts, model: string | null): boolean {
  const words = ownWords(error, model);
  // Gemini's words for a project that is banned.
  if (words.startsWith('your project has been denied access')) return true;
  return (
    /\b(?:api|access|secret)[ _-]?key\b|\bcredentials?\b|\bkey (?:is|was|has)\b/.test(words) &&
    !/\b(?:region|country|countries|location|territor\w*|models?|resource|scopes?)\b/.test(words)
  );
}

/** Whether a 403 is about what the client wrote: OpenRouter's for input that its moderation flagged. */
export function saysFlagged(error: ErrorFacts, model: string | null): boolean {
  return /\brequires moderation\b|\binput was flagged\b/.test(ownWords(error, model));
}

/** Whether an upstream does not have the model. */
export function saysNoModel(error: ErrorFacts): boolean {
  return names(error).includes('model_not_found');
}

/** Whether an upstream says that it has too much to do, for whichever key. */
export function saysOverloaded(status: number, error: ErrorFacts | null): boolean {
  if (status === 529) return true;
  if (error === null) return false;
  if (names(error).some((name) => name.includes('overloaded'))) return true;
  return status >= 500 && /overloaded|at capacity|high demand/i.test(error.message);
}
