import type { Messages } from './en.ts';
import { logs } from './zh/logs.ts';
import { overview } from './zh/overview.ts';
import { settings } from './zh/settings.ts';
import { shell } from './zh/shell.ts';

export const zh: Messages = { ...shell, ...overview, ...logs, ...settings };
