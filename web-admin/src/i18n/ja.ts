import type { Messages } from './en.ts';
import { logs } from './ja/logs.ts';
import { activity } from './ja/activity.ts';
import { overview } from './ja/overview.ts';
import { settings } from './ja/settings.ts';
import { shell } from './ja/shell.ts';
import { whatIf } from './ja/what-if.ts';

export const ja: Messages = { ...shell, ...overview, ...logs, ...settings, ...activity, ...whatIf };
