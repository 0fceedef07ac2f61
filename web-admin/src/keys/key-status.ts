import type { Key } from '../api/generated.ts';

export type KeyStatus = Key['status'];

/** The states of a key, best first. */
export const statuses: readonly KeyStatus[] = ['active', 'cooling', 'blacklisted', 'disabled'];

/** What a state means, as a colour. */
export const statusTones = {
  active: 'good',
  cooling: 'warn',
  blacklisted: 'bad',
  disabled: 'calm',
} as const satisfies Record<KeyStatus, string>;

export const statusNames = {
  active: 'status.active',
  cooling: 'status.cooling',
  blacklisted: 'status.blacklisted',
  disabled: 'status.disabled',
} as const satisfies Record<KeyStatus, string>;
