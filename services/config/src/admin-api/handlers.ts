import type { configOperations } from '@keymux/contracts';
import type { Handlers } from '@keymux/service';
import { auditHandlers } from './audit.ts';
import { channelHandlers } from './channels.ts';
import { groupHandlers } from './groups.ts';
import type { HandlerDeps } from './handler-deps.ts';
import { revisionHandlers } from './revisions.ts';
import { sessionHandlers } from './sessions.ts';
import { settingHandlers } from './settings.ts';

/** The config service's answers to the admin API. */
export function createHandlers(deps: HandlerDeps): Handlers<typeof configOperations> {
  return {
    ...sessionHandlers(deps),
    ...channelHandlers(),
    ...groupHandlers(deps),
    ...settingHandlers(deps),
    ...revisionHandlers(deps),
    ...auditHandlers(deps),
  };
}
