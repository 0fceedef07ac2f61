import type { Group } from '@keymux/contracts';
import { checkWebAddress, normalAddress } from '@keymux/outbound';
import type { FieldError } from '@keymux/service';
import type { ConfigState } from '../revision/state.ts';
import { checkRules } from './check-rules.ts';

/** What is wrong with a group beyond what its schema says; secrets in it are sealed and not looked at. */
export function checkGroup(
  group: Group,
  state: ConfigState,
  { forbidPrivate }: { readonly forbidPrivate: boolean },
): FieldError[] {
  const kind =
    group.type === 'standard' ? checkStandard(group, forbidPrivate) : checkAggregate(group, state);
  return [...kind, ...checkRules(group)];
}

function checkStandard(group: Group, forbidPrivate: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (group.members.length > 0) {
    errors.push({ field: 'members', message: 'only an aggregate group has members' });
  }
  if (group.upstreams.length === 0) {
    errors.push({ field: 'upstreams', message: 'a group needs at least one upstream' });
  } else if (group.upstreams.every(({ weight }) => weight === 0)) {
    errors.push({ field: 'upstreams', message: 'at least one upstream needs a weight above 0' });
  }
  const seen = new Set<string>();
  for (const [at, { url }] of group.upstreams.entries()) {
    const field = `upstreams[${at}].url`;
    const message = checkWebAddress(url, { forbidPrivate });
    const normal = normalAddress(url);
    if (message !== null) errors.push({ field, message });
    else if (seen.has(normal)) errors.push({ field, message: 'is there twice' });
    seen.add(normal);
  }
  return errors;
}

function checkAggregate(group: Group, state: ConfigState): FieldError[] {
  const errors: FieldError[] = [];
  if (group.upstreams.length > 0) {
    errors.push({ field: 'upstreams', message: 'an aggregate group has members instead' });
  }
  if (group.members.length === 0) {
    errors.push({ field: 'members', message: 'an aggregate group needs at least one member' });
  } else if (group.members.every(({ weight }) => weight === 0)) {
    errors.push({ field: 'members', message: 'at least one member needs a weight above 0' });
  }
  const seen = new Set<string>();
  for (const [at, { group: name }] of group.members.entries()) {
    const message = seen.has(name) ? 'is there twice' : checkMember(group, name, state);
    if (message !== null) errors.push({ field: `members[${at}].group`, message });
    seen.add(name);
  }
  return errors;
}

function checkMember(group: Group, name: string, state: ConfigState): string | null {
  const member = state.groups.get(name)?.group;
  if (member === undefined) return `there is no group ${name}`;
  if (member.type !== 'standard') return `${name} is an aggregate itself`;
  return member.channel === group.channel ? null : `${name} is of channel ${member.channel}`;
}
