import { applyHeaderRules, type Channel, mergeOverrides, type Probe } from '@keymux/channels';
import type { GatewayGroup } from '@keymux/contracts';

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
