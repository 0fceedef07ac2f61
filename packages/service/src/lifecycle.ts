import type { Logger } from './logger.ts';

/** A part of a process that can be started once and stopped once. */
export interface Service {
  readonly name: string;
  /**
   * Resolves when the service works. Rejects with {@link StartProblem} for what a person can mend. A
   * start that waits for others ends early when `stopping` aborts.
   */
  start(stopping?: AbortSignal): Promise<void>;
  /** Ends everything that the service owns; also called after a failed start. */
  stop(): Promise<void>;
}

/** Why a service does not start, as one line for a person: a port in use, a folder that is read-only. */
export class StartProblem extends Error {
  override readonly name = 'StartProblem';
}

/** `ended` and `failed` are final. */
export type LifecycleState = 'new' | 'starting' | 'running' | 'stopping' | 'ended' | 'failed';

/** Services that live and end together. */
export interface ServiceGroup {
  readonly state: LifecycleState;
  /** Starts one after the other. False when one failed, which was logged, and those before it were stopped again. */
  start(): Promise<boolean>;
  /** Stops in reverse order, those still starting too; a stop that fails is logged and stops no other. Idempotent. */
  stop(): Promise<void>;
}

function logStartFailure(log: Logger, name: string, error: unknown): void {
  if (error instanceof StartProblem) log.fatal(`${name} cannot start: ${error.message}`);
  else log.fatal({ err: error }, `${name} cannot start`);
}

/** Makes one unit of `services`, which depend on those before them. */
export function createServiceGroup(
  services: readonly Service[],
  { log }: { log: Logger },
): ServiceGroup {
  let state: LifecycleState = 'new';
  const started: Service[] = [];
  let starting: Promise<boolean> | undefined;
  let stopping: Promise<void> | undefined;
  const stopAsked = new AbortController();

  async function startAll(): Promise<boolean> {
    for (const service of services) {
      if (stopAsked.signal.aborted) return false;
      started.push(service);
      try {
        await service.start(stopAsked.signal);
      } catch (error) {
        logStartFailure(log, service.name, error);
        await stopStarted();
        state = 'failed';
        return false;
      }
    }
    if (!stopAsked.signal.aborted) state = 'running';
    return true;
  }

  async function stopStarted(): Promise<void> {
    for (const service of started.splice(0).reverse()) {
      try {
        await service.stop();
      } catch (error) {
        log.error({ err: error }, `${service.name} did not stop cleanly`);
      }
    }
  }

  async function stopAll(): Promise<void> {
    if (state === 'failed') return;
    state = 'stopping';
    await starting;
    await stopStarted();
    // The start may have failed while it was waited for.
    if (state === 'stopping') state = 'ended';
  }

  return {
    get state() {
      return state;
    },
    start() {
      if (state !== 'new') throw new Error(`services cannot start when ${state}`);
      state = 'starting';
      starting = startAll();
      return starting;
    },
    stop() {
      if (stopping === undefined) {
        const { promise, resolve } = Promise.withResolvers<void>();
        stopping = promise;
        stopAsked.abort();
        void stopAll().then(resolve);
      }
      return stopping;
    },
  };
}

// What a service may take beyond its own grace for closing files and connections.
const closingMs = 5_000;

// Ctrl-C reaches a process from the terminal and again from the parent that passes it on: that is one wish.
const echoMs = 500;

/**
 * Runs `services` as this process: starts them, stops them at SIGTERM or SIGINT and exits 0. Exits 1 when a start fails,
 * when stopping takes more than `gracefulMs` and 5 s, at a second signal, and after an exception nobody caught.
 */
export async function runServices(
  services: readonly Service[],
  { log, gracefulMs }: { log: Logger; gracefulMs: number },
): Promise<ServiceGroup> {
  const group = createServiceGroup(services, { log });
  let firstSignalMs: number | undefined;

  function onSignal(signal: NodeJS.Signals): void {
    const nowMs = performance.now();
    if (firstSignalMs !== undefined) {
      if (nowMs - firstSignalMs < echoMs) return;
      log.warn(`${signal} again: stopping at once`);
      process.exit(1);
    }
    firstSignalMs = nowMs;
    log.info(`${signal}: stopping, running requests have ${gracefulMs} ms to finish`);
    setTimeout(() => {
      log.warn('stopping took too long: ending now');
      process.exit(1);
    }, gracefulMs + closingMs).unref();
    void group.stop().then(() => {
      if (group.state === 'ended') log.info('stopped');
      process.exit(group.state === 'ended' ? 0 : 1);
    });
  }

  function onBug(kind: string, error: unknown): void {
    log.fatal({ err: error }, kind);
    process.exit(1);
  }

  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', (error) => onBug('an exception nobody caught', error));
  process.on('unhandledRejection', (reason) => onBug('a rejection nobody handled', reason));
  const running = await group.start();
  // When a signal came meanwhile, its handler waits for the stop and exits.
  if (!running && group.state === 'failed') process.exit(1);
  return group;
}
