import { fileURLToPath } from 'node:url';
import { beginProcess, refuseStart, runServices } from '@keymux/service';
import { compose } from './compose.ts';
import { createNpmParent } from './npm-parent.ts';
import { readSecrets } from './secrets.ts';

const { environment, log } = beginProcess('keymux');
if (environment.isSlave) await import('@keymux/gateway/main');
else await runAll();

async function runAll(): Promise<void> {
  const secrets = readSecrets(environment);
  if (secrets.kind === 'invalid') refuseStart(secrets.message);
  const consoleFolder = fileURLToPath(new URL('../../../web-admin/dist', import.meta.url));
  const composed = compose({ environment, secrets, log, version: '0.1.0', consoleFolder });
  if (composed.kind === 'problem') refuseStart(composed.message);
  const services = [...composed.services, createNpmParent('start')];
  await runServices(services, { log, gracefulMs: environment.gracefulShutdownMs });
  process.stdout.write(composed.welcome());
}
