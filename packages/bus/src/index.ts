export * from './bus.ts';
export { type IpcPort } from './ipc/frames.ts';
export { connectIpcBus } from './ipc/connect-ipc-bus.ts';
export { portToChild, portToParent } from './ipc/process-ports.ts';
export { serveIpcBus } from './ipc/serve-ipc-bus.ts';
export {
  createInProcessBus,
  createInProcessCalls,
  type InProcessBusOptions,
} from './in-process/in-process-bus.ts';
