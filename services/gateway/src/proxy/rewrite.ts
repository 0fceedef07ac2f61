import type { HeaderRule } from '@keymux/contracts';
import type { RewriteRules } from '../live-config/live-group.ts';

/** Merges overrides deeply into a value; null deletes, arrays and scalars replace. */
export function mergeOverrides(
  value: unknown,
  overrides: Readonly<Record<string, unknown>>,
): unknown {
  const merged: Record<string, unknown> = isObject(value) ? { ...value } : {};
  for (const [name, override] of Object.entries(overrides)) {
    if (override === null) delete merged[name];
    else if (isObject(override)) define(merged, name, mergeOverrides(merged[name], override));
    else define(merged, name, override);
  }
  return merged;
}

// A plain assignment to `__proto__` would change the object instead of setting a field.
function define(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

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

/** Applies a group's header rules to a flat list of headers. */
export function applyHeaderRules(
  headers: readonly string[],
  rules: readonly HeaderRule[],
  values: { readonly group: string; readonly model: string | null },
): string[] {
  const ruled = new Set(rules.map((rule) => rule.name.toLowerCase()));
  const result: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    if (!ruled.has(name.toLowerCase())) result.push(name, headers[at + 1] ?? '');
  }
  for (const rule of rules) {
    if (rule.action === 'remove') continue;
    const value = (rule.value ?? '')
      .replaceAll('${group}', values.group)
      .replaceAll('${model}', values.model ?? '');
    result.push(rule.name, value);
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
