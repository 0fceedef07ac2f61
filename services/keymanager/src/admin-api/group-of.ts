import { problem, type Problem } from '@keymux/service';
import type { GroupDirectory, GroupPolicy } from '../group-directory.ts';

/** The group of that name, a 404, or a 503 while the config is not here. */
export async function groupOf(
  groups: GroupDirectory,
  name: string,
): Promise<GroupPolicy | Problem> {
  const sought = await groups.seek(name);
  switch (sought.kind) {
    case 'found':
      return sought.group;
    case 'none':
      return problem('not_found', { detail: `there is no group ${name}` });
    case 'unknown':
      return problem('unavailable', {
        detail: 'the config service does not answer',
        headers: { 'retry-after': '1' },
      });
  }
}

/** The same, for what adds keys: an aggregate group has none of its own. */
export async function keyedGroupOf(
  groups: GroupDirectory,
  name: string,
): Promise<GroupPolicy | Problem> {
  const group = await groupOf(groups, name);
  if ('type' in group && group.type === 'aggregate') {
    const detail = 'an aggregate group has no keys of its own: import into its members';
    return problem('conflict', { detail });
  }
  return group;
}
