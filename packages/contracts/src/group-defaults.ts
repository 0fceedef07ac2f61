import type { Group } from './group.ts';

/** What a group has where nothing is said; its proxy keys are told in another form to gateways, and there are none. */
export const groupDefaults = {
  type: 'standard',
  display_name: '',
  description: '',
  enabled: true,
  upstreams: [],
  members: [],
  test_model: '',
  validation_endpoint: '',
  proxy_keys: [],
  config: {},
  param_overrides: {},
  header_rules: [],
  model_redirect_rules: {},
  model_redirect_strict: false,
  error_rules: [],
  sort: 0,
} satisfies Omit<Group, 'name' | 'channel'>;
