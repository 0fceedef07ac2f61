import { type Group, groupDefaults, type NewGroup } from '@keymux/contracts';

/** A group as asked for, with everything that was not said. */
export function completeGroup(asked: NewGroup, sort: number): Group {
  return { ...groupDefaults, sort, ...asked, config: withoutNulls(asked.config ?? {}) };
}

/** A group's own settings without those that a null returned to their inherited value. */
export function withoutNulls(config: Group['config']): Group['config'] {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null));
}
