import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@keymux/parts/free-port';
import { keptFolder } from '@keymux/parts/kept-folder';
import { runProgram } from '@keymux/parts/program';
import { type Load, run } from './load.ts';
import { startMeasuredKeymux } from './measured-keymux.ts';
import { cpuUs, family, residentMib } from './processes.ts';
import { startProvider } from './provider.ts';

/**
 * What a request costs in gateways that others make, as their registries give them and with the least configuration that
 * forwards a completion; Keymux as it comes, with 1,000 keys.
 */
const litellm = '1.108.7';
const portkey = '1.15.2';
const rounds = 5;
const connections = 16;
const patienceMs = 120_000;

interface Peer {
  readonly name: string;
  readonly pid: number;
  /** As many as it takes some seconds for. */
  readonly requests: number;
  readonly load: Pick<Load, 'url' | 'key' | 'headers'>;
}

interface Figures {
  readonly costUs: number[];
  readonly aloneMs: number[];
}

const children: ChildProcess[] = [];
const directory = mkdtempSync(join(tmpdir(), 'keymux-peers-'));

function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): number {
  const child = spawn(command, args, { stdio: 'ignore', env: { ...process.env, ...env } });
  children.push(child);
  return child.pid ?? 0;
}

async function startPortkey(upstream: string): Promise<Peer> {
  const folder = await keptFolder(`portkey-${portkey}`, async (into) => {
    writeFileSync(join(into, 'package.json'), '{}');
    await runProgram('npm', ['install', '--no-audit', `@portkey-ai/gateway@${portkey}`], {
      cwd: into,
    });
  });
  const port = await freePort();
  const main = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js');
  return {
    name: `Portkey gateway ${portkey}`,
    pid: start(process.execPath, [main, '--headless', `--port=${port}`]),
    requests: 2_000,
    load: {
      url: `http://127.0.0.1:${port}/v1/chat/completions`,
      key: 'sk-x',
      headers: { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `${upstream}/v1` },
    },
  };
}

async function startLiteLlm(upstream: string): Promise<Peer> {
  const folder = await keptFolder(`litellm-${litellm}`, async (into) => {
    await runProgram('python3', ['-m', 'venv', into]);
    const wanted = ['-m', 'pip', 'install', '--quiet', `litellm[proxy]==${litellm}`];
    await runProgram(join(into, 'bin/python'), wanted, { maxBuffer: 16 * 1024 * 1024 });
  });
  const config = join(directory, 'litellm.yaml');
  const model = { model: 'openai/bench', api_base: `${upstream}/v1`, api_key: 'sk-x' };
  writeFileSync(
    config,
    JSON.stringify({ model_list: [{ model_name: 'bench', litellm_params: model }] }),
  );
  const port = await freePort();
  const key = `sk-${randomBytes(32).toString('hex')}`;
  // Not the program of this name: it names the folder in which it was made.
  const serve = `import sys; from litellm import run_server; sys.argv = ['litellm'] + sys.argv[1:]; run_server()`;
  const args = ['-c', serve, '--config', config, '--host', '127.0.0.1', '--port', String(port)];
  return {
    name: `LiteLLM proxy ${litellm}`,
    pid: start(join(folder, 'bin/python'), args, {
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
      LITELLM_MASTER_KEY: key,
    }),
    requests: 300,
    load: { url: `http://127.0.0.1:${port}/v1/chat/completions`, key },
  };
}

async function untilItAnswers({ name, load }: Peer): Promise<void> {
  const ask = () => run({ ...load, requests: 1, connections: 1, stream: false });
  for (const endMs = performance.now() + patienceMs; ; await sleep(500)) {
    try {
      await ask();
      return;
    } catch (error) {
      if (performance.now() > endMs) throw new Error(`${name} does not answer`, { cause: error });
    }
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const provider = await startProvider();
const keymux = await startMeasuredKeymux();
try {
  const upstreams = [{ url: provider.url, weight: 1 }];
  await keymux.api.addGroup({ name: 'bench', channel: 'openai', upstreams });
  const secrets = Array.from({ length: 1_000 }, (_, at) => `sk-bench-${at}`);
  await keymux.api.importKeys('bench', secrets);
  const peers: readonly Peer[] = [
    {
      name: 'Keymux',
      pid: keymux.pid(),
      requests: 6_000,
      load: { url: `${keymux.url}/proxy/bench/v1/chat/completions`, key: keymux.proxyKey },
    },
    await startPortkey(provider.url),
    await startLiteLlm(provider.url),
  ];
  const figures = new Map(
    peers.map((peer): [Peer, Figures] => [peer, { costUs: [], aloneMs: [] }]),
  );
  for (const peer of peers) {
    await untilItAnswers(peer);
    await run({ ...peer.load, requests: 3 * peer.requests, connections, stream: false });
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const [{ pid, load, requests }, { costUs, aloneMs }] of figures) {
      const pids = family(pid);
      const before = pids.map(cpuUs);
      await run({ ...load, requests, connections, stream: false });
      await sleep(500);
      const spentUs = pids.map((each, at) => cpuUs(each) - (before[at] ?? 0));
      costUs.push(spentUs.reduce((sum, each) => sum + each, 0) / requests);
      aloneMs.push(...(await run({ ...load, requests: 100, connections: 1, stream: false })));
    }
  }
  const lines = [...figures].map(([{ name, pid }, { costUs, aloneMs }]) => {
    const memory = family(pid).reduce((sum, each) => sum + residentMib(each), 0);
    const cells = [
      name,
      `${median(costUs).toFixed(0)} µs`,
      `${median(aloneMs).toFixed(1)} ms`,
      `${memory.toFixed(0)} MiB`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const head = ['', 'CPU per request', 'a request alone, p50', 'memory'];
  const rule = head.map(() => '---');
  process.stdout.write(`| ${head.join(' | ')} |\n| ${rule.join(' | ')} |\n${lines.join('\n')}\n`);
} finally {
  for (const child of children) child.kill();
  provider.stop();
  await keymux.close();
  rmSync(directory, { recursive: true, force: true });
}
