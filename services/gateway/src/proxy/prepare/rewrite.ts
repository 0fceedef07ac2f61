import { isObject, mergeOverrides } from '@keymux/channels';
import type { RewriteRules } from '../../live-config/live-group.ts';
import type { AskedFields } from '../body/asked-fields.ts';

export type Rewritten =
  | { readonly kind: 'rewritten'; readonly body: Buffer | null; readonly model: string | null }
  | { readonly kind: 'model-not-allowed' }
  | { readonly kind: 'not-json' };

/** A body that rules may change. */
export interface Rewritable {
  /** Whether the request claims to be JSON. */
  readonly json: boolean;
  readonly modelAt?: AskedFields['modelAt'] | undefined;
  readonly model: string | null;
  readonly read: () => Buffer;
}

/**
 * Applies a group's rules to a body: all of them to JSON, the redirect of its model to a form.
 * `body` null in the result: the bytes stay as they are.
 */
export function rewriteBody(rules: RewriteRules, request: Rewritable): Rewritten {
  const redirect = request.model === null ? undefined : rules.modelRedirects.get(request.model);
  if (redirect === undefined && rules.modelRedirectStrict && request.model !== null) {
    return { kind: 'model-not-allowed' };
  }
  const model = redirect ?? request.model;
  const { modelAt } = request;
  if (redirect !== undefined && modelAt !== undefined) {
    const form = request.read();
    const parts = [
      form.subarray(0, modelAt.from),
      Buffer.from(redirect),
      form.subarray(modelAt.to),
    ];
    return { kind: 'rewritten', body: Buffer.concat(parts), model };
  }
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
