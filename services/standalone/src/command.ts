import { settings } from '@keymux/contracts';
import { type Environment, readEnvironment } from '@keymux/service';

/** Ends a command with one line for a person; 0 says that it did what it was asked to. */
export function endCommand(code: 0 | 1, message: string): never {
  (code === 0 ? process.stdout : process.stderr).write(`keymux: ${message}\n`);
  process.exit(code);
}

/** The environment that a command runs in; a value that makes no sense ends it. */
export function commandEnvironment(): Environment {
  const read = readEnvironment({ env: process.env, settings, envFile: '.env' });
  if (read.kind === 'invalid') endCommand(1, `${read.variable}: ${read.message}`);
  return read.environment;
}
