import { join } from 'node:path';
import { nameMongo } from '@keymux/mongodb';
import type { Environment, Logger, Service } from '@keymux/service';
import { createLogStore } from './create-log-store.ts';
import type { OpenLogStore } from './log-store.ts';

/** The log store that the environment names, and what it stands on; refuses the start where that cannot be. */
export function openLogStore({
  environment,
  log,
}: {
  readonly environment: Pick<Environment, 'mongodbUrl' | 'dataDir'>;
  readonly log: Logger;
}): { readonly store: OpenLogStore; readonly parts: readonly Service[] } {
  const { mongodbUrl: url, dataDir } = environment;
  if (url === undefined) {
    const place = { kind: 'directory', path: join(dataDir, 'logs') } as const;
    return { store: createLogStore(place, { log }), parts: [] };
  }
  const { db, service } = nameMongo(url, log);
  return { store: createLogStore({ kind: 'mongodb', db }, { log }), parts: [service] };
}
