import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { listenOnLoopback } from './origin-server.ts';

const run = promisify(execFile);

/** A proxy server in a process of its own. */
export interface RealProxy {
  readonly port: number;
  stop(): Promise<void>;
}

async function findOnPath(name: string): Promise<string | undefined> {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/bin']) {
    const path = join(folder, name);
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/**
 * Finds a program on PATH, else installs the Debian package of its name. Rejects with one line on how to get it where that
 * cannot be done.
 */
export async function getProgram(name: string): Promise<string> {
  const found = await findOnPath(name);
  if (found !== undefined) return found;
  const aptGet = await findOnPath('apt-get');
  if (aptGet !== undefined && process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await run(aptGet, ['update'], { env }).catch(() => undefined);
    await run(aptGet, ['install', '-y', '--no-install-recommends', name], { env }).catch(
      () => undefined,
    );
    const installed = await findOnPath(name);
    if (installed !== undefined) return installed;
  }
  throw new Error(`${name} is missing: install it (Debian, Ubuntu: apt-get install ${name})`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenOnLoopback(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function start(program: string, args: string[], port: number): Promise<RealProxy> {
  const child = spawn(program, args, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve()).once('error', () => resolve());
  });
  const stop = () => {
    child.kill('SIGKILL');
    return ended;
  };
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  void ended.then(() => process.off('exit', killWithUs));
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { port, stop };
}

/** Starts tinyproxy, for `user:password` when given. */
export async function startTinyproxy(credentials?: [string, string]): Promise<RealProxy> {
  const program = await getProgram('tinyproxy');
  const folder = await mkdtemp(join(tmpdir(), 'keymux-tinyproxy-'));
  const port = await freePort();
  const config = join(folder, 'tinyproxy.conf');
  await writeFile(
    config,
    [
      `Port ${port}`,
      'Listen 127.0.0.1',
      'Timeout 60',
      'MaxClients 50',
      ...(credentials === undefined ? [] : [`BasicAuth ${credentials.join(' ')}`]),
      '',
    ].join('\n'),
  );
  const proxy = await start(program, ['-d', '-c', config], port);
  return {
    port,
    async stop() {
      await proxy.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Starts microsocks, for `user:password` when given. */
export async function startMicrosocks(credentials?: [string, string]): Promise<RealProxy> {
  const program = await getProgram('microsocks');
  const port = await freePort();
  const [user, password] = credentials ?? [];
  const login = user === undefined || password === undefined ? [] : ['-u', user, '-P', password];
  return start(program, ['-i', '127.0.0.1', '-p', String(port), ...login], port);
}
