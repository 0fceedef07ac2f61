import type { HeaderRule } from '@keymux/contracts';

// What a group's rules do to a request, and so to a probe: a key that passes the one must pass the other.

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

/** Whether a JSON value is an object: neither an array nor null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
