import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Keeper } from './keeper.ts';
import { signal } from './signal.ts';

/** A server in a process of its own, on loopback. */
export interface Part {
  /** What the product's environment variable for it wants. */
  readonly url: string;
  readonly port: number;
  /** 0 when it does not run. */
  readonly pid: number;
  /** What it printed since its first start, the last part. */
  logs(): string;
  /** Resolves when it has ended; for SIGSTOP when it stands still, for SIGCONT at once. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data, after `kill`. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** How a server is started, and how it is known to serve. */
export interface PartPlan {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly port: number;
  readonly url: string;
  /** Removed by `stop`. */
  readonly folder?: string;
  /** True when it serves; asked again and again. By default: it accepts connections. */
  readonly serves?: () => Promise<boolean>;
  /** Longest wait for that, ms; 60,000 by default. */
  readonly patienceMs?: number;
  /** Ends it should this process die; it then has a group of its own, so that Ctrl-C is not for it. */
  readonly keeper?: Keeper;
}

const keptOutput = 200_000;
const running = new Set<ChildProcess>();
// What a failing test left running ends with the test process.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a server and waits until it serves; rejects with what it printed when it does not. */
export async function startPart(plan: PartPlan): Promise<Part> {
  let output = '';
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();

  function launch(): void {
    const started = spawn(plan.program, plan.args, {
      detached: plan.keeper !== undefined,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...plan.env },
    });
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-keptOutput);
    };
    started.stdout.on('data', keep);
    started.stderr.on('data', keep);
    running.add(started);
    const { pid = 0 } = started;
    if (pid > 0) plan.keeper?.watch(pid);
    child = started;
    ended = new Promise((resolve) => {
      const end = (): void => {
        running.delete(started);
        if (pid > 0) plan.keeper?.forget(pid);
        if (child === started) child = undefined;
        resolve();
      };
      started.once('close', end).once('error', (error) => {
        output += `${error.message}\n`;
        end();
      });
    });
  }

  async function start(): Promise<void> {
    launch();
    const deadline = Date.now() + (plan.patienceMs ?? 60_000);
    const serves = plan.serves ?? (() => accepts(plan.port));
    while (!(await serves())) {
      if (child === undefined || Date.now() > deadline) {
        child?.kill('SIGKILL');
        throw new Error(`${plan.program} does not serve:\n${output.slice(-4000)}`);
      }
      await setTimeout(20);
    }
  }

  async function kill(name: NodeJS.Signals): Promise<void> {
    if (child !== undefined) await signal(child, name, ended);
  }

  await start();
  return {
    url: plan.url,
    port: plan.port,
    get pid() {
      return child?.pid ?? 0;
    },
    logs: () => output,
    kill,
    restart: start,
    async stop() {
      await kill('SIGKILL');
      if (plan.folder !== undefined) rmSync(plan.folder, { recursive: true, force: true });
    },
  };
}

/** True when something accepts connections at a port on loopback. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
