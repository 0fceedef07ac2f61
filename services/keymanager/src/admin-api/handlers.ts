import type { keymanagerOperations } from '@keymux/contracts';
import type { Handlers } from '@keymux/service';
import { createActHandler } from './act-on-keys.ts';
import type { AdminDeps } from './admin-deps.ts';
import { createExportHandler } from './export-keys.ts';
import { createImportHandler } from './import-keys.ts';
import { createHistoryHandler } from './key-history.ts';
import { createKeyHandlers } from './keys.ts';
import { createPastHandlers } from './past.ts';
import { createRebuildHandler } from './rebuild.ts';
import { createSimulateHandler } from './simulate-policy.ts';
import { createTaskHandlers } from './tasks.ts';
import { createUndoHandlers } from './undo.ts';
import { createValidateHandler } from './validate-key.ts';
import { createVerdictsHandler } from './verdicts.ts';

/** A handler for every operation of the keymanager. */
export function createHandlers(deps: AdminDeps): Handlers<typeof keymanagerOperations> {
  return {
    ...createKeyHandlers(deps),
    ...createTaskHandlers(deps),
    ...createUndoHandlers(deps),
    ...createPastHandlers(deps),
    rebuild: createRebuildHandler(deps),
    importKeys: createImportHandler(deps),
    actOnKeys: createActHandler(deps),
    exportKeys: createExportHandler(deps),
    validateKey: createValidateHandler(deps),
    keyHistory: createHistoryHandler(deps),
    listVerdicts: createVerdictsHandler(deps),
    simulatePolicy: createSimulateHandler(deps),
    liveEvents: ({ res, identity }) => {
      deps.live.open(res, identity);
      return Promise.resolve('handled');
    },
  };
}
