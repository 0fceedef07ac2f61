import { join } from 'node:path';
import { freePort } from '@keymux/parts/free-port';
import { type Child, startChild } from './child.ts';

/** How many of each service run. */
const plan = [
  { service: 'config', count: 1 },
  { service: 'keymanager', count: 1 },
  { service: 'logsink', count: 1 },
  { service: 'validator', count: 2 },
] as const;
const gateways = 2;

/** Starts all services apart, those that gateways need first, and waits until each is ready. */
export async function startServices(options: {
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
  /** Of the first gateway, which is the edge. */
  readonly edgePort: number;
  readonly started: (child: Child) => void;
}): Promise<{ control: readonly Child[]; gateways: readonly Child[] }> {
  const { dataDir, env, edgePort, started } = options;

  async function start(
    service: string,
    at: number,
    { port, more }: { port: number; more: NodeJS.ProcessEnv },
  ): Promise<Child> {
    const name = `${service}-${at}`;
    const child = startChild({
      name,
      service,
      port,
      metricsPort: await freePort(),
      dataDir: join(dataDir, name),
      env: { ...env, ...more },
    });
    started(child);
    return child;
  }

  const control: Child[] = [];
  const addresses: NodeJS.ProcessEnv = {};
  for (const { service, count } of plan) {
    for (let at = 1; at <= count; at += 1) {
      const port = await freePort();
      addresses[`${service.toUpperCase()}_URL`] ??= `http://127.0.0.1:${port}`;
      control.push(await start(service, at, { port, more: { SERVICE_PORT: String(port) } }));
    }
  }
  await Promise.all(control.map((each) => each.ready()));
  const edges: Child[] = [];
  for (let at = 1; at <= gateways; at += 1) {
    const port = at === 1 ? edgePort : await freePort();
    const more = { ...addresses, PORT: String(port), GATEWAY_WORKERS: '1' };
    edges.push(await start('gateway', at, { port, more }));
  }
  await Promise.all(edges.map((each) => each.ready()));
  return { control, gateways: edges };
}
