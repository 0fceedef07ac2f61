import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import type { Keeper } from '@keymux/parts/keeper';
import { signal } from '@keymux/parts/signal';
import { compileCache } from '../../../services/standalone/src/compile-cache.ts';

const root = new URL('../../../', import.meta.url);

/** A service in a process of its own. */
export interface Child {
  readonly name: string;
  /** Where it says whether it is ready. */
  readonly url: string;
  readonly metricsUrl: string;
  readonly pid: number;
  /** Its exit code, of the run that was started last. */
  readonly ended: Promise<number>;
  readonly isRunning: boolean;
  /** Resolves when it has ended; for SIGSTOP when it stands still, for SIGCONT at once. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same ports and data, with other variables where there are any. */
  restart(env?: NodeJS.ProcessEnv): void;
  /** Resolves when it is ready; rejects when it ended instead. */
  ready(): Promise<void>;
}

export interface ChildOptions {
  readonly name: string;
  readonly service: string;
  readonly port: number;
  readonly metricsPort: number;
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly keeper: Keeper;
  /** Takes what it prints; by default that goes where ours goes. */
  readonly hear?: (text: string) => void;
}

/** Starts a service. */
export function startChild(options: ChildOptions): Child {
  const { name, service, port, metricsPort, dataDir, env, keeper, hear } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const main = fileURLToPath(new URL(`services/${service}/src/main.ts`, root));
  const url = `http://127.0.0.1:${port}`;
  let running = launch({});

  function launch(more: NodeJS.ProcessEnv): { child: ChildProcess; ended: Promise<number> } {
    const output = hear === undefined ? 'inherit' : 'pipe';
    const child = spawn(process.execPath, [main], {
      cwd: dataDir,
      // Ctrl-C is for the one who started it, who ends all in their order.
      detached: true,
      stdio: ['ignore', output, output],
      env: {
        // A dozen processes of the same code: each start costs 40 % less.
        NODE_COMPILE_CACHE: compileCache,
        ...env,
        ...more,
        DATA_DIR: dataDir,
        METRICS_PORT: String(metricsPort),
      },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => hear?.(chunk.toString()));
    }
    const { pid = 0 } = child;
    keeper.watch(pid);
    const ended = new Promise<number>((resolve) => {
      child.once('exit', (code, signal) => {
        keeper.forget(pid);
        resolve(signal === null ? (code ?? 1) : 1);
      });
    });
    return { child, ended };
  }

  const isRunning = (): boolean =>
    running.child.exitCode === null && running.child.signalCode === null;
  return {
    name,
    url,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    get pid() {
      return running.child.pid ?? 0;
    },
    get ended() {
      return running.ended;
    },
    get isRunning() {
      return isRunning();
    },
    kill: (name) => signal(running.child, name, running.ended),
    restart(more = {}) {
      running = launch(more);
    },
    async ready() {
      const over = new AbortController();
      // Where it found its port taken, somebody else has it, who may be silent or say anything.
      const end = running.ended.finally(() => over.abort());
      while (isRunning()) {
        const ready = await fetch(`${url}/readyz`, { signal: over.signal }).then(
          ({ ok }) => ok,
          () => false,
        );
        if (ready && isRunning()) return;
        await setTimeout(25);
      }
      throw new Error(`${name} ended with ${await end}`);
    },
  };
}
