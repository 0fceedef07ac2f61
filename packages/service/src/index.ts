export {
  actorOfSession,
  createAdminAuth,
  sessionOfActor,
  sessionTtlMs,
  type AdminAuth,
  type Identity,
  type Session,
} from './admin-auth.ts';
export type { AdminRouterOptions, Handler, HandlerInput, Handlers } from './admin-http.ts';
export type { AdminServer } from './admin-server.ts';
export { beginProcess, needVariable, refuseStart, type Begun } from './begin-process.ts';
export { letHeapGrow } from './heap-growth.ts';
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
export {
  environmentReference,
  readEnvironment,
  type Environment,
  type EnvironmentRow,
} from './environment.ts';
export { type InvalidEnvironment } from './environment-variable.ts';
export { createHealth, type Health, type Readiness } from './health.ts';
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
export { listen, type Listening } from './listen.ts';
export {
  createMetricsRegistry,
  createMetricsServer,
  measureBuses,
  measurePreviousKey,
  type BusState,
  type MetricsServer,
} from './metrics.ts';
export { openApiDocument } from './openapi.ts';
export {
  invalidField,
  isProblem,
  problem,
  problemDetails,
  problemTable,
  sendProblem,
  type FieldError,
  type Problem,
  type ProblemCode,
} from './problem.ts';
export { type Reply } from './reply.ts';
export { openStore } from './open-store.ts';
export type { Ground } from './run-apart.ts';
export { createMatcher } from './operation-match.ts';
export { cameOverHttps, cameTo } from './same-origin.ts';
export { explainErrors } from './schema-errors.ts';
export { scrubText } from './scrub.ts';
export { type TraceExport } from './trace-export.ts';
export { startTracing, type Tracing } from './tracing.ts';
