import { problem, type Problem } from '@keymux/service';
import type { GroupDirectory, GroupPolicy } from '../group-directory.ts';

/** The group of that name, a 404, or a 503 while the config is not here. */
export function groupOf(groups: GroupDirectory, name: string): GroupPolicy | Problem {
  const group = groups.find(name);
  if (group !== undefined) return group;
  return groups.loaded
    ? problem('not_found', { detail: `there is no group ${name}` })
    : problem('unavailable', {
        detail: 'the config is not loaded',
        headers: { 'retry-after': '1' },
      });
}

/** The same, for what adds keys: an aggregate group has none of its own. */
export function keyedGroupOf(groups: GroupDirectory, name: string): GroupPolicy | Problem {
  const group = groupOf(groups, name);
  if ('type' in group && group.type === 'aggregate') {
    const detail = 'an aggregate group has no keys of its own: import into its members';
    return problem('conflict', { detail });
  }
  return group;
}
