export * from './bus.ts';
export { createRequestLogBus } from './request-log-bus.ts';
export { createInProcessBus, type InProcessBusOptions } from './in-process/in-process-bus.ts';
export { createInProcessCalls } from './in-process/in-process-calls.ts';
export { type IpcPort } from './ipc/frames.ts';
export { connectIpcBus } from './ipc/connect-ipc-bus.ts';
export { portToChild, portToParent } from './ipc/process-ports.ts';
export { serveIpcBus } from './ipc/serve-ipc-bus.ts';
export * from './dead-letters/dead-letter-store.ts';
export {
  createSqliteDeadLetters,
  deadLetterMigrations,
} from './dead-letters/sqlite-dead-letters.ts';
