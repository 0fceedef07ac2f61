import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '@keymux/parts/free-port';
import { createAdminClient, type AdminClient } from './admin-client.ts';
import { childrenOf, commandOf } from './children.ts';

/** Which composition the journeys run against: the same journeys, unchanged. */
export const mode = process.env['KEYMUX_MODE'] === 'distributed' ? 'distributed' : 'standalone';
const main = fileURLToPath(
  new URL(
    mode === 'distributed' ? './distributed/main.ts' : '../../services/standalone/src/main.ts',
    import.meta.url,
  ),
);
/** Longest wait for a start or an end; only a product that hangs reaches it. */
const patienceMs = mode === 'distributed' ? 180_000 : 45_000;
/** Most characters of output that are kept. */
const keptOutput = 2_000_000;

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface KeymuxOptions {
  /** Over the test's own environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** False starts without waiting until it is ready. */
  readonly wait?: boolean;
  /** A data folder that outlives this product. */
  readonly dataDir?: string;
}

/** The product as a user runs it: one process group, a data folder, two ports. */
export interface Keymux {
  readonly url: string;
  readonly metricsUrl: string;
  readonly port: number;
  readonly dataDir: string;
  readonly authKey: string;
  /** A global proxy key. */
  readonly proxyKey: string;
  readonly api: AdminClient;
  pid(): number;
  /** The processes that carry requests: the workers of the one gateway, or the gateways. */
  gatewayPids(): readonly number[];
  /** Where requests are taken: the port that workers share, or each gateway's, once they all run. */
  gatewayUrls(): readonly string[];
  /** What it printed since the first start. */
  logs(): string;
  /** Asks for an end as a service manager does. */
  stop(signal?: 'SIGTERM' | 'SIGINT'): Promise<Exit>;
  /** Ends all its processes at once, as a power cut does. */
  kill9(): Promise<void>;
  /** Starts it again on the same ports and data, after `stop` or `kill9`. */
  start(env?: Readonly<Record<string, string | undefined>>): Promise<void>;
  /** The end of a process that ends by itself. */
  exited(): Promise<Exit>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

/** Starts the product with its own data and ports, and waits until it is ready. */
export async function startKeymux(options: KeymuxOptions = {}): Promise<Keymux> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'keymux-e2e-'));
  const [port, metricsPort] = [await freePort(), await freePort()];
  const authKey = 'admin-e2e-0123456789abcdef0123456789abcdef';
  const proxyKey = 'pk-e2e-global-0123456789abcdef';
  const url = `http://127.0.0.1:${port}`;
  let output = '';
  let running: { child: ChildProcess; exit: Promise<Exit> } | undefined;

  function launch(extra: Readonly<Record<string, string | undefined>>): void {
    const child = spawn(process.execPath, [main], {
      cwd: dataDir,
      detached: true, // a group of its own, so that its end takes the workers along
      stdio: ['ignore', 'pipe', 'pipe'],
      env: definedOnly({
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        PORT: String(port),
        HOST: '127.0.0.1',
        METRICS_PORT: String(metricsPort),
        DATA_DIR: dataDir,
        AUTH_KEY: authKey,
        PROXY_KEYS: proxyKey,
        REQUEST_LOG_WRITE_INTERVAL_MINUTES: '0',
        ...options.env,
        ...extra,
      }),
    });
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-keptOutput);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const exit = new Promise<Exit>((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    running = { child, exit };
    groups.add(child);
    void exit.then(() => groups.delete(child));
  }

  async function untilReady(): Promise<void> {
    const deadline = Date.now() + patienceMs;
    let ended: Exit | undefined;
    void running?.exit.then((exit) => (ended = exit));
    for (;;) {
      if (ended !== undefined || Date.now() > deadline) {
        throw new Error(`keymux did not get ready (${JSON.stringify(ended)}):\n${output}`);
      }
      const ready = await fetch(`${url}/readyz`).then(
        (reply) => reply.ok,
        () => false,
      );
      if (ready) return;
      await setTimeout(50);
    }
  }

  async function end(signal: NodeJS.Signals, whole: boolean): Promise<Exit> {
    if (running === undefined) throw new Error('keymux was not started');
    const { child, exit } = running;
    signalTo(child, signal, whole);
    const late = setTimeout(patienceMs, 'late' as const, { ref: false });
    const first = await Promise.race([exit, late]);
    if (first !== 'late') return first;
    signalTo(child, 'SIGKILL', true);
    throw new Error(`keymux did not end on ${signal}:\n${output.slice(-5000)}`);
  }

  async function start(extra: Readonly<Record<string, string | undefined>> = {}): Promise<void> {
    launch(extra);
    if (options.wait !== false) await untilReady();
  }

  await start();
  return {
    url,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    port,
    dataDir,
    authKey: options.env?.['AUTH_KEY'] ?? authKey,
    proxyKey,
    api: createAdminClient(url, options.env?.['AUTH_KEY'] ?? authKey),
    pid: () => running?.child.pid ?? 0,
    gatewayPids: () => childrenOf(running?.child.pid ?? 0).filter(isGateway),
    gatewayUrls: () =>
      mode === 'standalone'
        ? [url]
        : Array.from(output.matchAll(/ gateway-\d+: process \d+, (\S+)/g), ([, at = '']) => at),
    logs: () => output,
    stop: (signal = 'SIGTERM') => end(signal, false),
    async kill9() {
      await end('SIGKILL', true);
    },
    start,
    exited: () => running?.exit ?? Promise.reject(new Error('keymux was not started')),
    async close() {
      if (running !== undefined && groups.has(running.child)) await end('SIGKILL', true);
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const isGateway = (pid: number): boolean =>
  mode === 'standalone' || commandOf(pid).includes('services/gateway/');

const groups = new Set<ChildProcess>();
// What a failing test left running ends with the test process.
process.once('exit', () => {
  for (const child of groups) signalTo(child, 'SIGKILL', true);
});

function signalTo(child: ChildProcess, signal: NodeJS.Signals, whole: boolean): void {
  if (child.pid === undefined) return;
  try {
    process.kill(whole ? -child.pid : child.pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) kept[name] = value;
  return kept;
}
