import { mkdirSync } from 'node:fs';
import { settings } from '@keymux/contracts';
import { createLogger, readEnvironment, runServices } from '@keymux/service';
import { compose } from './compose.ts';
import { readSecrets } from './secrets.ts';

function refuse(message: string): never {
  process.stderr.write(`keymux: ${message}\n`);
  process.exit(1);
}

const read = readEnvironment({ env: process.env, settings, envFile: '.env' });
if (read.kind === 'invalid') refuse(`${read.variable}: ${read.message}`);
const { environment } = read;
if (environment.timeZone !== undefined) process.env['TZ'] = environment.timeZone;
try {
  mkdirSync(environment.dataDir, { recursive: true, mode: 0o700 });
} catch (error) {
  refuse(`DATA_DIR: ${error instanceof Error ? error.message : String(error)}`);
}
const secrets = readSecrets(environment);
if (secrets.kind === 'invalid') refuse(secrets.message);
const log = createLogger({
  service: 'keymux',
  level: environment.logLevel,
  format: environment.logFormat,
  ...(environment.logFile === undefined ? {} : { filePath: environment.logFile }),
});
const composed = compose({ environment, secrets, log, version: '0.1.0' });
if (composed.kind === 'problem') refuse(composed.message);
await runServices(composed.services, { log, gracefulMs: environment.gracefulShutdownMs });
process.stdout.write(composed.welcome());
