import type { Group, Setting } from '../api/generated.ts';

/** Where clients reach a group: while nobody set `app_url`, the address that this page came from, which works. */
export function endpointOf(
  { name, endpoint }: Pick<Group, 'name' | 'endpoint'>,
  settings: readonly Pick<Setting, 'name' | 'source'>[],
  origin: string,
): string {
  const source = settings.find((each) => each.name === 'app_url')?.source;
  return source === 'default' ? `${origin}/proxy/${name}` : endpoint;
}
