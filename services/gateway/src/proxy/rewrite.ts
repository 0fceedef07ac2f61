import { isObject, mergeOverrides } from '@keymux/channels';
import type { RewriteRules } from '../live-config/live-group.ts';

export type Rewritten =
  | { readonly kind: 'rewritten'; readonly body: Buffer | null; readonly model: string | null }
  | { readonly kind: 'model-not-allowed' }
  | { readonly kind: 'not-json' };

/**
 * Applies a group's rules to a JSON body. `body` null in the result: the bytes stay as they are.
 * `json` says that the request claims to be JSON; only such bodies are touched.
 */
export function rewriteBody(
  rules: RewriteRules,
  request: { readonly json: boolean; readonly model: string | null; readonly read: () => Buffer },
): Rewritten {
  const redirect = request.model === null ? undefined : rules.modelRedirects.get(request.model);
  if (redirect === undefined && rules.modelRedirectStrict && request.model !== null) {
    return { kind: 'model-not-allowed' };
  }
  const model = redirect ?? request.model;
  if (!request.json || (redirect === undefined && rules.paramOverrides === null)) {
    return { kind: 'rewritten', body: null, model };
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(request.read().toString('utf8'));
  } catch {
    return { kind: 'not-json' };
  }
  if (!isObject(parsed)) return { kind: 'not-json' };
  const redirected =
    redirect === undefined || typeof parsed['model'] !== 'string'
      ? parsed
      : { ...parsed, model: redirect };
  const body =
    rules.paramOverrides === null ? redirected : mergeOverrides(redirected, rules.paramOverrides);
  return { kind: 'rewritten', body: Buffer.from(JSON.stringify(body)), model };
}
