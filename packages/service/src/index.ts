export { systemClock, type Clock } from './clock.ts';
export {
  describeDatabaseError,
  inTransaction,
  migrate,
  openDatabase,
  sqliteErrorCode,
  type DatabaseProblem,
  type Migration,
} from './database.ts';
export { newId, timeOfId } from './ids.ts';
export {
  createServiceGroup,
  runServices,
  StartProblem,
  type LifecycleState,
  type Service,
  type ServiceGroup,
} from './lifecycle.ts';
export {
  createLogger,
  logLevels,
  type Logger,
  type LoggerOptions,
  type LogLevel,
} from './logger.ts';
export { scrubText } from './scrub.ts';
