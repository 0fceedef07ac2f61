import type { Messages } from './en.ts';
import { activity } from './ja/activity.ts';
import { groups } from './ja/groups.ts';
import { keys } from './ja/keys.ts';
import { logs } from './ja/logs.ts';
import { overview } from './ja/overview.ts';
import { refusals } from './ja/refusals.ts';
import { settings } from './ja/settings.ts';
import { shell } from './ja/shell.ts';
import { whatIf } from './ja/what-if.ts';

export const ja: Messages = {
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
