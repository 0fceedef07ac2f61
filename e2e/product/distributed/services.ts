import { join } from 'node:path';
import { freePort } from '@keymux/parts/free-port';
import type { Keeper } from '@keymux/parts/keeper';
import { type Child, startChild } from './child.ts';

/** How many of each service run. */
const plan = [
  { service: 'config', count: 1 },
  { service: 'keymanager', count: 2 },
  { service: 'logsink', count: 1 },
  { service: 'validator', count: 2 },
] as const;
const gatewayCount = 2;

export interface ServicesOptions {
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
  /** Of the first gateway, which is the edge. */
  readonly edgePort: number;
  readonly keeper: Keeper;
  readonly hear?: (text: string) => void;
  readonly started?: (child: Child) => void;
}

/** Starts all services apart, those that gateways need first, and waits until each is ready. */
export async function startServices(
  options: ServicesOptions,
): Promise<{ control: readonly Child[]; gateways: readonly Child[] }> {
  const { dataDir, env, edgePort, keeper, hear, started } = options;

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
      keeper,
      ...(hear === undefined ? {} : { hear }),
    });
    started?.(child);
    return child;
  }

  const control: Child[] = [];
  const addresses: NodeJS.ProcessEnv = {};
  for (const { service, count } of plan) {
    const replicas: Child[] = [];
    for (let at = 1; at <= count; at += 1) {
      const port = await freePort();
      const more = { SERVICE_PORT: String(port), HOST: '127.0.0.1' };
      replicas.push(await start(service, at, { port, more }));
    }
    addresses[`${service.toUpperCase()}_URL`] = replicas.map(({ url }) => url).join(',');
    control.push(...replicas);
  }
  await Promise.all(control.map((each) => each.ready()));
  const gateways: Child[] = [];
  for (let at = 1; at <= gatewayCount; at += 1) {
    const port = at === 1 ? edgePort : await freePort();
    const more = { ...addresses, PORT: String(port), GATEWAY_WORKERS: '1' };
    gateways.push(await start('gateway', at, { port, more }));
  }
  await Promise.all(gateways.map((each) => each.ready()));
  return { control, gateways };
}

/** Ends all services: gateways first, so that what they have still to tell finds somebody to hear it. */
export async function stopServices(children: readonly Child[]): Promise<readonly number[]> {
  const isGateway = ({ name }: Child): boolean => name.startsWith('gateway');
  const [gateways = [], control = []] = [true, false].map((wanted) =>
    children.filter((each) => each.isRunning && isGateway(each) === wanted),
  );
  const codes: number[] = [];
  for (const some of [gateways, control]) {
    await Promise.all(some.map((each) => each.kill('SIGTERM')));
    codes.push(...(await Promise.all(some.map((each) => each.ended))));
  }
  return codes;
}
