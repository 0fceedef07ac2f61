import type { Group, NewGroup } from '@keymux/contracts';

/** A group as asked for, with everything that was not said. */
export function completeGroup(asked: NewGroup, sort: number): Group {
  return {
    name: asked.name,
    type: asked.type ?? 'standard',
    channel: asked.channel,
    display_name: asked.display_name ?? '',
    description: asked.description ?? '',
    enabled: asked.enabled ?? true,
    upstreams: asked.upstreams ?? [],
    members: asked.members ?? [],
    test_model: asked.test_model ?? '',
    validation_endpoint: asked.validation_endpoint ?? '',
    proxy_keys: asked.proxy_keys ?? [],
    config: withoutNulls(asked.config ?? {}),
    param_overrides: asked.param_overrides ?? {},
    header_rules: asked.header_rules ?? [],
    model_redirect_rules: asked.model_redirect_rules ?? {},
    model_redirect_strict: asked.model_redirect_strict ?? false,
    error_rules: asked.error_rules ?? [],
    sort: asked.sort ?? sort,
  };
}

/** A group's own settings without those that a null returned to their inherited value. */
export function withoutNulls(config: Group['config']): Group['config'] {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null));
}
