import type { Messages } from './en.ts';
import { logs } from './zh/logs.ts';
import { activity } from './zh/activity.ts';
import { overview } from './zh/overview.ts';
import { settings } from './zh/settings.ts';
import { shell } from './zh/shell.ts';
import { whatIf } from './zh/what-if.ts';

export const zh: Messages = { ...shell, ...overview, ...logs, ...settings, ...activity, ...whatIf };
