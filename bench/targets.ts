import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '@keymux/parts/free-port';
import { startMeasuredKeymux } from './measured-keymux.ts';
import { family } from './processes.ts';

/** Something between client and provider. */
export interface Target {
  readonly name: string;
  readonly url: string;
  readonly key: string;
  /** Its processes, the first one first; none for the direct way. */
  readonly pids: readonly number[];
  /** What its processes are called, where they are told apart. */
  readonly parts?: readonly string[];
}

export interface Targets {
  readonly direct: Target;
  readonly nginx: Target;
  readonly bare: Target;
  readonly keymux: Target;
  close(): Promise<void>;
}

/** Starts a provider and the proxies before it; Keymux as it comes, with so many keys. */
export async function startTargets(keys: number): Promise<Targets> {
  const directory = mkdtempSync(join(tmpdir(), 'keymux-bench-'));
  const children: ChildProcess[] = [];
  const started = (file: string, ...args: string[]): Promise<{ port: number; pid: number }> =>
    new Promise((resolve) => {
      const child = fork(fileURLToPath(new URL(file, import.meta.url)), args);
      children.push(child);
      child.once('message', (port) => resolve({ port: Number(port), pid: child.pid ?? 0 }));
    });
  const keymux = await startMeasuredKeymux();
  const close = async (): Promise<void> => {
    for (const child of children) child.kill();
    await keymux.close();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const provider = await started('./upstream.ts');
    const url = `http://127.0.0.1:${provider.port}`;
    const bare = await started('./bare.ts', url);
    const nginx = await startNginx(directory, provider.port);
    children.push(nginx.child);
    await keymux.api.addGroup({
      name: 'bench',
      channel: 'openai',
      upstreams: [{ url, weight: 1 }],
    });
    await keymux.api.importKeys(
      'bench',
      Array.from({ length: keys }, (_, at) => `sk-bench-${at}`),
    );
    await setTimeout(1_000);
    return {
      direct: { name: 'direct', url, key: 'x', pids: [] },
      nginx: {
        name: 'nginx',
        url: `http://127.0.0.1:${nginx.port}`,
        key: 'x',
        pids: family(nginx.child.pid ?? 0),
      },
      bare: {
        name: 'bare Node proxy',
        url: `http://127.0.0.1:${bare.port}`,
        key: 'x',
        pids: [bare.pid],
      },
      keymux: {
        name: 'Keymux',
        url: `${keymux.url}/proxy/bench`,
        key: keymux.proxyKey,
        pids: family(keymux.pid()),
        parts: ['parent', 'gateway worker'],
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startNginx(
  directory: string,
  upstreamPort: number,
): Promise<{ port: number; child: ChildProcess }> {
  const port = await freePort();
  const conf = join(directory, 'nginx.conf');
  writeFileSync(
    conf,
    `daemon off; worker_processes 1; pid ${directory}/nginx.pid; error_log ${directory}/error.log;
     events { worker_connections 4096; }
     http { access_log ${directory}/access.log; client_body_temp_path ${directory}; proxy_temp_path ${directory};
       upstream up { server 127.0.0.1:${upstreamPort}; keepalive 256; }
       server { listen 127.0.0.1:${port}; location / { proxy_pass http://up; proxy_http_version 1.1;
         proxy_set_header Connection ""; proxy_set_header Authorization "Bearer sk-x"; proxy_buffering off; } } }`,
  );
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' });
  } catch {
    throw new Error('nginx is missing: apt-get install nginx-light');
  }
  const child = spawn('nginx', ['-c', conf, '-p', directory], { stdio: 'ignore' });
  await setTimeout(500);
  return { port, child };
}
