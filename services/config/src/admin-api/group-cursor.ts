import type { Group } from '@keymux/contracts';

/** A place in the order of groups: after the group with these. */
export interface GroupPlace {
  readonly sort: number;
  readonly name: string;
}

/** The cursor of the page that begins after a group; it stays right when other groups come and go. */
export function cursorAfter({ sort, name }: GroupPlace): string {
  return `${sort}.${name}`;
}

/** The place a cursor stands for, or null for what is none of ours. */
export function readCursor(cursor: string): GroupPlace | null {
  const [, sort, name] = /^(\d{1,7})\.([a-z0-9_-]{1,100})$/.exec(cursor) ?? [];
  return sort === undefined || name === undefined ? null : { sort: Number(sort), name };
}

/** Whether a group comes after a place. */
export function isAfter(group: Group, place: GroupPlace): boolean {
  return group.sort > place.sort || (group.sort === place.sort && group.name > place.name);
}
