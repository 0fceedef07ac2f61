import { activity } from './en/activity.ts';
import { groups } from './en/groups.ts';
import { keys } from './en/keys.ts';
import { logs } from './en/logs.ts';
import { overview } from './en/overview.ts';
import { refusals } from './en/refusals.ts';
import { settings } from './en/settings.ts';
import { shell } from './en/shell.ts';
import { whatIf } from './en/what-if.ts';

/** Every text of the console; `one|many` has a form for n = 1 and one for all others. */
export const en = {
  ...activity,
  ...groups,
  ...keys,
  ...logs,
  ...overview,
  ...refusals,
  ...settings,
  ...shell,
  ...whatIf,
} as const;

export type MessageKey = keyof typeof en;
export type Messages = Readonly<Record<MessageKey, string>>;
