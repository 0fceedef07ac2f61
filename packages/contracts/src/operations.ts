import type { Operation } from './operation.ts';
import { configOperations } from './operations/config.ts';
import { edgeOperations } from './operations/edge.ts';
import { keymanagerOperations } from './operations/keymanager.ts';
import { logsinkOperations } from './operations/logsink.ts';
import { validatorOperations } from './operations/validator.ts';

/** Every call of the admin API; the edge routes by it and the OpenAPI document is made of it. */
export const operations: readonly Operation[] = [
  ...Object.values(configOperations),
  ...Object.values(keymanagerOperations),
  ...Object.values(validatorOperations),
  ...Object.values(logsinkOperations),
  ...Object.values(edgeOperations),
];
