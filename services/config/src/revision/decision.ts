import type { ConfigEvent, ConfigEventType } from '@keymux/contracts';
import type { Problem } from '@keymux/service';

/** What a command makes of a state: an event without its revision, nothing to do, or a refusal. */
export type Decision = UnnumberedEvent | Problem | null;

/** A fact that has no place in the history yet. */
export type UnnumberedEvent = {
  [T in ConfigEventType]: {
    readonly kind: 'event';
    readonly type: T;
    readonly data: Omit<Extract<ConfigEvent, { type: T }>['data'], 'revision'>;
  };
}[ConfigEventType];
