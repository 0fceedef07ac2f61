import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';

const root = new URL('../../../', import.meta.url);

/** A service in a process of its own. */
export interface Child {
  readonly name: string;
  /** Where it says whether it is ready. */
  readonly url: string;
  readonly metricsUrl: string;
  readonly pid: number;
  readonly ended: Promise<number>;
  readonly isRunning: boolean;
  signal(signal: NodeJS.Signals): void;
  /** Resolves when it is ready; rejects when it ended instead. */
  ready(): Promise<void>;
}

/** Starts a service; its output goes where ours goes. */
export function startChild(options: {
  readonly name: string;
  readonly service: string;
  readonly port: number;
  readonly metricsPort: number;
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
}): Child {
  const { name, service, port, metricsPort, dataDir, env } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const main = fileURLToPath(new URL(`services/${service}/src/main.ts`, root));
  const child: ChildProcess = spawn(process.execPath, [main], {
    cwd: dataDir,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...env, DATA_DIR: dataDir, METRICS_PORT: String(metricsPort) },
  });
  let isRunning = true;
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => {
      isRunning = false;
      resolve(signal === null ? (code ?? 1) : 1);
    });
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    name,
    url,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    pid: child.pid ?? 0,
    ended,
    get isRunning() {
      return isRunning;
    },
    signal: (signal) => void child.kill(signal),
    async ready() {
      while (isRunning) {
        const ready = await fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        );
        if (ready) return;
        await setTimeout(25);
      }
      throw new Error(`${name} ended`);
    },
  };
}
