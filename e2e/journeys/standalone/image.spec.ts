import { execFile, spawn } from 'node:child_process';
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '@keymux/parts/free-port';
import { runProgram } from '@keymux/parts/program';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAdminClient } from '../../product/admin-client.ts';
import { contextFiles } from '../../product/image/context.ts';
import { readDockerfile } from '../../product/image/dockerfile.ts';
import { buildStandIn, type StandIn } from '../../product/image/stand-in.ts';
import { startSimulator } from '../../provider-simulator/simulator.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const dockerfile = join(root, 'deploy/docker/Dockerfile');
const folder = mkdtempSync(join(tmpdir(), 'keymux-image-'));
let image: StandIn;

beforeAll(async () => {
  // The image's user goes through it.
  chmodSync(folder, 0o755);
  // What the Dockerfile's own stage for it runs, on packages that are here already.
  await runProgram(process.execPath, [join(root, 'web-admin/scripts/build.ts')]);
  image = await buildStandIn({ dockerfile, context: root, folder, done: { console: root } });
  await runProgram('chmod', ['-R', 'a-w', image.root]);
  chmodSync(image.volume, 0o700);
}, 600_000);

afterAll(async () => {
  await runProgram('chmod', ['-R', 'u+w', folder]);
  rmSync(folder, { recursive: true });
});

/** Runs a program of the image, with its node, to its end. */
async function run(
  [, ...args]: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; output: string }> {
  const { workdir, user } = image;
  const options = { cwd: workdir, env: { ...image.env, ...env }, ...user, maxBuffer: 1 << 28 };
  return promisify(execFile)(process.execPath, args, options).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      output: stdout + stderr,
    }),
  );
}

it('is built on the Node that tests run on', () => {
  const stages = readDockerfile(dockerfile);
  const names = stages.map(({ name }) => name);
  const bases = stages.map(({ base }) => base).filter((base) => !names.includes(base));
  expect(new Set(bases)).toEqual(new Set([`node:${process.versions.node}-trixie-slim`]));
});

it('has neither secrets nor data nor tests in it', () => {
  const files = contextFiles(root);
  const unwanted = /(^|\/)(\.env|data|dist|node_modules|secrets|\.git)(\/|$)|\.spec\.ts$/;
  expect(files.filter((file) => unwanted.test(file))).toEqual([]);
  expect(readdirSync(image.workdir).toSorted()).toEqual(
    expect.arrayContaining(['node_modules', 'packages', 'services', 'web-admin']),
  );
});

it('has packages for production alone, workspaces as links, and no second Node', () => {
  const packages = join(image.workdir, 'node_modules');
  expect(readdirSync(packages)).not.toContain('typescript');
  expect(readdirSync(packages)).not.toContain('@angular');
  expect(readdirSync(join(packages, 'node'))).not.toContain('bin');
  expect(lstatSync(join(packages, '@keymux/bus')).isSymbolicLink()).toBe(true);
});

it('starts with code that was compiled when it was built', async () => {
  const worker = ['node', 'services/standalone/src/gateway-worker.ts'];
  const { code, output } = await run(worker, { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' });
  expect(code).toBe(0);
  expect(output.match(/gateway-worker\.ts.* was accepted/)).not.toBeNull();
  expect(output).not.toContain('was rejected');
});

it('starts on a file system of which only the volume can be written, serves, and ends on SIGTERM', async () => {
  const simulator = await startSimulator();
  const port = await freePort();
  const ports = { HOST: '127.0.0.1', PORT: String(port), METRICS_PORT: '0', SERVICE_PORT: '1' };
  const url = `http://127.0.0.1:${port}`;
  const [, ...args] = image.command;
  const product = spawn(process.execPath, args, {
    cwd: image.workdir,
    env: { ...image.env, ...ports },
    ...image.user,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [product.stdout, product.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  const exit = new Promise((resolve) =>
    product.once('close', (code, signal) => resolve(code ?? signal)),
  );
  try {
    const statusOf = (path: string, init?: RequestInit): Promise<number> =>
      fetch(`${url}${path}`, init).then(
        ({ status }) => status,
        () => 0,
      );
    await expect.poll(() => statusOf('/readyz'), { timeout: 45_000 }).toBe(200);
    expect(await run(image.healthcheck, ports)).toMatchObject({ code: 0 });
    expect(await run([...image.healthcheck, '/readyz'], ports)).toMatchObject({ code: 0 });
    expect(await statusOf('/')).toBe(200);

    const authKey = readFileSync(join(image.volume, 'auth.key'), 'utf8').trim();
    const [, proxyKey = ''] = /proxy key {2}(\S+)/.exec(output) ?? [];
    const api = createAdminClient(url, authKey);
    const upstreams = [{ url: simulator.url, weight: 1 }];
    await api.addGroup({ name: 'main', channel: 'openai', upstreams });
    await api.importKeys('main', ['sk-image-0123456789']);
    const ask = {
      method: 'POST',
      headers: { authorization: `Bearer ${proxyKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4.1-mini', messages: [{ role: 'user', content: 'hi' }] }),
    };
    const path = '/proxy/main/v1/chat/completions';
    await expect.poll(() => statusOf(path, ask), { timeout: 20_000 }).toBe(200);
    expect(simulator.keyCounts.get('sk-image-0123456789')).toBeGreaterThan(0);

    for (const name of ['', 'auth.key', 'encryption.key', 'keymux.db']) {
      expect(lstatSync(join(image.volume, name)).mode & 0o077, name).toBe(0);
    }
    product.kill('SIGTERM');
    expect(await exit, output).toBe(0);
    expect(await run(image.healthcheck, ports)).toMatchObject({ code: 1 });
  } finally {
    product.kill('SIGKILL');
    await exit;
    await simulator.close();
  }
});
