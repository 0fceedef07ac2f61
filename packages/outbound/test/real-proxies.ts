import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@keymux/parts/free-port';
import { type Part, startPart } from '@keymux/parts/part';
import { debianProgram } from '@keymux/parts/program';

/** A proxy server in a process of its own. */
export type RealProxy = Pick<Part, 'port' | 'stop'>;

/** Starts tinyproxy, for `user:password` when given. */
export async function startTinyproxy(credentials?: [string, string]): Promise<RealProxy> {
  const program = await debianProgram('tinyproxy');
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
  const url = `http://127.0.0.1:${port}`;
  return startPart({ program, args: ['-d', '-c', config], port, url, folder });
}

/** Starts microsocks, for `user:password` when given. */
export async function startMicrosocks(credentials?: [string, string]): Promise<RealProxy> {
  const program = await debianProgram('microsocks');
  const port = await freePort();
  const [user, password] = credentials ?? [];
  const login = user === undefined || password === undefined ? [] : ['-u', user, '-P', password];
  const args = ['-i', '127.0.0.1', '-p', String(port), ...login];
  return startPart({ program, args, port, url: `socks5://127.0.0.1:${port}` });
}
