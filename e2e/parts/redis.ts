import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import type { Keeper } from './keeper.ts';
import { type Part, startPart } from './part.ts';
import { debianProgram } from './program.ts';

export interface RedisOptions {
  /** Of the default user, or of `user`. */
  readonly password?: string;
  readonly user?: string;
  /** PEM; the server then speaks TLS only. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  readonly keeper?: Keeper;
}

/** Starts a Redis server of its own, which keeps nothing on disk. */
export async function startRedis(options: RedisOptions = {}): Promise<Part> {
  const { password, user, tls, keeper } = options;
  const program = await debianProgram('redis-server');
  const folder = mkdtempSync(join(tmpdir(), 'keymux-redis-'));
  const port = await freePort();
  const lines = ['bind 127.0.0.1', 'save ""', 'appendonly no', `dir ${folder}`];
  if (tls === undefined) lines.push(`port ${port}`);
  else {
    const [certificate, key] = [join(folder, 'server.crt'), join(folder, 'server.key')];
    writeFileSync(certificate, tls.certificate);
    writeFileSync(key, tls.key, { mode: 0o600 });
    lines.push('port 0', `tls-port ${port}`, `tls-cert-file ${certificate}`);
    lines.push(`tls-key-file ${key}`, `tls-ca-cert-file ${certificate}`, 'tls-auth-clients no');
  }
  if (password !== undefined) {
    if (user === undefined) lines.push(`requirepass ${password}`);
    else lines.push('user default off', `user ${user} on >${password} ~* &* +@all`);
  }
  const file = join(folder, 'redis.conf');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const credentials = password === undefined ? '' : `${user ?? ''}:${password}@`;
  const scheme = tls === undefined ? 'redis' : 'rediss';
  return startPart({
    program,
    args: [file],
    port,
    url: `${scheme}://${credentials}127.0.0.1:${port}/0`,
    folder,
    ...(keeper === undefined ? {} : { keeper }),
  });
}

/** A Redis server for what neither ends nor fills it: the one that `REDIS_DSN` names, else one of its own. */
export async function anyRedis(): Promise<Pick<Part, 'url' | 'stop'>> {
  const url = process.env['REDIS_DSN'];
  if (url === undefined || url === '') return startRedis();
  return { url, stop: () => Promise.resolve() };
}
