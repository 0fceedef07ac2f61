import { logs } from './en/logs.ts';
import { activity } from './en/activity.ts';
import { overview } from './en/overview.ts';
import { settings } from './en/settings.ts';
import { shell } from './en/shell.ts';
import { whatIf } from './en/what-if.ts';

/** Every text of the console; `one|many` has a form for n = 1 and one for all others. */
export const en = { ...shell, ...overview, ...logs, ...settings, ...activity, ...whatIf } as const;

export type MessageKey = keyof typeof en;
export type Messages = Readonly<Record<MessageKey, string>>;
