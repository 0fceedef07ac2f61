import type { Channel, Probe } from '@keymux/channels';
import type { GatewayGroup, HeaderRule } from '@keymux/contracts';

// What the gateway does to a request, done to a probe: a key that passes here must pass there.

type RuledGroup = Pick<
  GatewayGroup,
  | 'name'
  | 'test_model'
  | 'validation_endpoint'
  | 'param_overrides'
  | 'header_rules'
  | 'model_redirect_rules'
>;

/** A probe as it goes out, but for the upstream's address and the key. */
export interface RuledProbe {
  readonly method: string;
  readonly path: string;
  readonly body: string | null;
  /** Flat list of names and values. */
  readonly headers: readonly string[];
}

/** The channel's probe for a group, with its model, endpoint, redirects, overrides and header rules. */
export function probeOf(group: RuledGroup, channel: Channel): RuledProbe {
  const asked = group.test_model === '' ? channel.defaults.testModel : group.test_model;
  const model = Object.hasOwn(group.model_redirect_rules, asked)
    ? (group.model_redirect_rules[asked] ?? asked)
    : asked;
  const plain = channel.probe({
    testModel: model,
    validationEndpoint: group.validation_endpoint,
  });
  const body = overridden(plain, group.param_overrides);
  const headers = [
    'accept',
    'application/json',
    ...(body === null ? [] : ['content-type', 'application/json']),
  ];
  const values = { group: group.name, model };
  return {
    method: plain.method,
    path: plain.path,
    body,
    headers: applyHeaderRules(headers, group.header_rules, values),
  };
}

function overridden({ body }: Probe, overrides: Readonly<Record<string, unknown>>): string | null {
  if (body === null || Object.keys(overrides).length === 0) return body;
  return JSON.stringify(mergeOverrides(JSON.parse(body), overrides));
}

/** Merges overrides deeply; null deletes, arrays and scalars replace. */
export function mergeOverrides(
  value: unknown,
  overrides: Readonly<Record<string, unknown>>,
): unknown {
  const merged = new Map(Object.entries(isObject(value) ? value : {}));
  for (const [name, override] of Object.entries(overrides)) {
    if (override === null) merged.delete(name);
    else
      merged.set(name, isObject(override) ? mergeOverrides(merged.get(name), override) : override);
  }
  return Object.fromEntries(merged);
}

/** Sets and removes headers of a flat list, filling in `${group}` and `${model}`. */
export function applyHeaderRules(
  headers: readonly string[],
  rules: readonly HeaderRule[],
  values: { readonly group: string; readonly model: string },
): string[] {
  const ruled = new Set(rules.map(({ name }) => name.toLowerCase()));
  const result: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    if (!ruled.has(name.toLowerCase())) result.push(name, headers[at + 1] ?? '');
  }
  for (const rule of rules) {
    if (rule.action === 'remove') continue;
    const value = (rule.value ?? '')
      .replaceAll('${group}', values.group)
      .replaceAll('${model}', values.model);
    result.push(rule.name, value);
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
