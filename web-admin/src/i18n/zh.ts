import type { Messages } from './en.ts';
import { activity } from './zh/activity.ts';
import { groups } from './zh/groups.ts';
import { keys } from './zh/keys.ts';
import { logs } from './zh/logs.ts';
import { overview } from './zh/overview.ts';
import { refusals } from './zh/refusals.ts';
import { settings } from './zh/settings.ts';
import { shell } from './zh/shell.ts';
import { whatIf } from './zh/what-if.ts';

export const zh: Messages = {
  ...activity,
  ...groups,
  ...keys,
  ...logs,
  ...overview,
  ...refusals,
  ...settings,
  ...shell,
  ...whatIf,
};
