import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@keymux/parts/free-port';
import { startKeeper } from '@keymux/parts/keeper';
import { type AdminClient, createAdminClient } from '../admin-client.ts';
import { type Child, startChild } from './child.ts';
import { type Servers, startServers } from './servers.ts';
import { startServices, stopServices } from './services.ts';

/** The services apart, each process and server within a test's reach. */
export interface Apart {
  readonly servers: Servers;
  /** By name: `keymanager-1`. */
  child(name: string): Child;
  readonly gateways: readonly Child[];
  readonly proxyKey: string;
  /** Through the first gateway. */
  readonly api: AdminClient;
  /** What the services printed. */
  logs(): string;
  /** Starts another process of the installation, which is to join it by what the environment says. */
  join(name: string, main: string, env: NodeJS.ProcessEnv): Promise<Child>;
  /** Ends such a process again; its exit code. */
  leave(child: Child): Promise<number>;
  /** Waits until every service is ready. */
  ready(): Promise<void>;
  /** Ends all and removes their data. Resolves with the exit codes of the services. */
  close(): Promise<readonly number[]>;
}

/** Starts all services with servers of their own; a MongoDB that `MONGODB_URL` names is used instead. */
export async function startApart(): Promise<Apart> {
  const dataDir = mkdtempSync(join(tmpdir(), 'keymux-apart-'));
  const keeper = startKeeper();
  const children: Child[] = [];
  const authKey = 'admin-e2e-0123456789abcdef0123456789abcdef';
  const proxyKey = 'pk-e2e-global-0123456789abcdef';
  let output = '';
  const hear = (text: string): void => {
    output += text;
  };
  const mongodbUrl = process.env['MONGODB_URL'] || undefined;
  const servers = await startServers({ dataDir, keeper, mongodbUrl });
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    HOST: '127.0.0.1',
    AUTH_KEY: authKey,
    ENCRYPTION_KEY: 'encryption-e2e-0123456789abcdef01234567',
    PROXY_KEYS: proxyKey,
    REQUEST_LOG_WRITE_INTERVAL_MINUTES: '0',
    ...servers.env,
  };

  async function close(): Promise<readonly number[]> {
    try {
      return await stopServices(children);
    } finally {
      await servers.stop();
      await keeper.close();
      rmSync(dataDir, { recursive: true, force: true });
    }
  }

  try {
    const edgePort = await freePort();
    const started = (child: Child): void => void children.push(child);
    const { gateways } = await startServices({ dataDir, edgePort, keeper, hear, started, env });
    const url = `http://127.0.0.1:${edgePort}`;
    return {
      servers,
      gateways,
      proxyKey,
      api: createAdminClient(url, authKey),
      child(name) {
        const found = children.find((each) => each.name === name);
        if (found === undefined) throw new Error(`there is no ${name}`);
        return found;
      },
      logs: () => output,
      async join(name, service, more) {
        const port = await freePort();
        const child = startChild({
          name,
          service,
          port,
          metricsPort: await freePort(),
          dataDir: join(dataDir, name),
          env: { ...env, PORT: String(port), ...more },
          keeper,
          hear,
        });
        children.push(child);
        await child.ready();
        return child;
      },
      async leave(child) {
        await child.kill('SIGTERM');
        children.splice(children.indexOf(child), 1);
        return child.ended;
      },
      async ready() {
        await Promise.all(children.map((each) => each.ready()));
      },
      close,
    };
  } catch (error) {
    await close();
    throw new Error(`the services did not start:\n${output.slice(-5000)}`, { cause: error });
  }
}
