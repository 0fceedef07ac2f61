import { mkdirSync } from 'node:fs';
import { settings } from '@keymux/contracts';
import { type Environment, readEnvironment } from './environment.ts';
import { letHeapGrow } from './heap-growth.ts';
import { createLogger, type Logger } from './logger.ts';

/** What every process has before its own parts. */
export interface Begun {
  readonly environment: Environment;
  readonly log: Logger;
}

/** Ends a process that cannot start, with one line for a person and exit code 1. */
export function refuseStart(message: string): never {
  process.stderr.write(`keymux: ${message}\n`);
  process.exit(1);
}

/** Returns the value of a variable that this process cannot do without; refuses the start where it is unset. */
export function needVariable(name: string, value: string | undefined): string {
  return value ?? refuseStart(`${name}: must be set, to the same for every service`);
}

/** Reads the environment, makes the data folder and the log; refuses the start with one line when it cannot. */
export function beginProcess(service: string): Begun {
  letHeapGrow();
  const read = readEnvironment({ env: process.env, settings, envFile: '.env' });
  if (read.kind === 'invalid') refuseStart(`${read.variable}: ${read.message}`);
  const { environment } = read;
  if (environment.timeZone !== undefined) process.env['TZ'] = environment.timeZone;
  try {
    mkdirSync(environment.dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    refuseStart(`DATA_DIR: ${error instanceof Error ? error.message : String(error)}`);
  }
  const log = createLogger({
    service,
    level: environment.logLevel,
    format: environment.logFormat,
    ...(environment.logFile === undefined ? {} : { filePath: environment.logFile }),
  });
  return { environment, log };
}
