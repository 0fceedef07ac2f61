import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@keymux/parts/free-port';
import { startKeymux } from '../e2e/product/keymux.ts';
import { run } from './load.ts';
import { cpuSeconds, family, residentBytes } from './processes.ts';

const rounds = 5;
const requests = 4_000;
const connections = 16;
const streams = 100;
const chunksPerStream = 100;
const keys = 1_000;

/** Something between client and provider; no pid for the direct way. */
interface Target {
  readonly name: string;
  readonly url: string;
  readonly key: string;
  readonly pid: number | null;
}

interface Figures {
  cpuUsPerRequest: number[];
  cpuUsPerChunk: number[];
  p50Ms: number[];
  p99Ms: number[];
  memoryMib: number[];
}

const children: ChildProcess[] = [];
const directory = mkdtempSync(join(tmpdir(), 'keymux-bench-'));

const upstreamPort = await new Promise<number>((resolve) => {
  const child = fork(fileURLToPath(new URL('./upstream.ts', import.meta.url)));
  children.push(child);
  child.once('message', (port) => resolve(Number(port)));
});
const upstream = `http://127.0.0.1:${upstreamPort}`;

async function startNginx(): Promise<Target> {
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
  children.push(child);
  await new Promise((resolve) => setTimeout(resolve, 500));
  return { name: 'nginx', url: `http://127.0.0.1:${port}`, key: 'x', pid: child.pid ?? null };
}

const keymux = await startKeymux({ env: { MAX_CONCURRENT_REQUESTS: '1000', LOG_LEVEL: 'warn' } });

async function startTarget(): Promise<Target> {
  const admin = (path: string, type: string, body: string): Promise<Response> =>
    fetch(`${keymux.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keymux.authKey}`, 'content-type': type },
      body,
    });
  const upstreams = [{ url: upstream, weight: 1 }];
  const group = { name: 'bench', channel: 'openai', upstreams };
  await admin('/api/groups', 'application/json', JSON.stringify(group));
  const secrets = Array.from({ length: keys }, (_, at) => `sk-bench-${at}`).join('\n');
  await admin('/api/groups/bench/keys', 'text/plain', secrets);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  return {
    name: 'Keymux',
    url: `${keymux.url}/proxy/bench`,
    key: keymux.proxyKey,
    pid: keymux.pid(),
  };
}

async function measure(target: Target, figures: Figures): Promise<void> {
  const pids = target.pid === null ? [] : family(target.pid);
  const cost = async (work: () => Promise<void>, units: number): Promise<number> => {
    const before = cpuSeconds(pids);
    await work();
    return ((cpuSeconds(pids) - before) / units) * 1e6;
  };
  const load = { key: target.key, stream: false, connections, requests };
  const url = `${target.url}/v1/chat/completions`;
  figures.cpuUsPerRequest.push(
    await cost(async () => void (await run({ ...load, url })), requests),
  );
  const alone = (await run({ ...load, url, connections: 1, requests: 500 })).toSorted(
    (a, b) => a - b,
  );
  figures.p50Ms.push(alone[Math.floor(alone.length * 0.5)] ?? 0);
  figures.p99Ms.push(alone[Math.floor(alone.length * 0.99)] ?? 0);
  const streaming = { ...load, stream: true, connections: streams, requests: streams };
  figures.cpuUsPerChunk.push(
    await cost(
      async () => void (await run({ ...streaming, url: `${url}?chunks=${chunksPerStream}` })),
      streams * chunksPerStream,
    ),
  );
  figures.memoryMib.push(residentBytes(pids) / 1024 ** 2);
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

try {
  const targets: Target[] = [
    { name: 'direct', url: upstream, key: 'x', pid: null },
    await startNginx(),
    await startTarget(),
  ];
  const figures = new Map(
    targets.map((target): [Target, Figures] => [
      target,
      { cpuUsPerRequest: [], cpuUsPerChunk: [], p50Ms: [], p99Ms: [], memoryMib: [] },
    ]),
  );
  const warm = { stream: false, connections, requests: 2_000 };
  for (const { url, key } of targets)
    await run({ ...warm, key, url: `${url}/v1/chat/completions` });
  for (let round = 0; round < rounds; round += 1) {
    for (const [target, its] of figures) await measure(target, its);
  }
  const [direct, nginx] = targets.map((target) => figures.get(target));
  const rows = targets.map((target) => {
    const its = figures.get(target);
    if (its === undefined || direct === undefined || nginx === undefined) return '';
    const cpu = median(its.cpuUsPerRequest);
    const chunk = median(its.cpuUsPerChunk);
    const times = (value: number, of: number): string =>
      target.pid === null ? '–' : `${value.toFixed(0)} µs (${(value / of).toFixed(1)}×)`;
    return `| ${target.name} | ${times(cpu, median(nginx.cpuUsPerRequest))} | ${times(chunk, median(nginx.cpuUsPerChunk))} | ${(median(its.p50Ms) - median(direct.p50Ms)).toFixed(2)} ms | ${(median(its.p99Ms) - median(direct.p99Ms)).toFixed(2)} ms | ${target.pid === null ? '–' : `${median(its.memoryMib).toFixed(0)} MiB`} |`;
  });
  const table = [
    '| | CPU per request | CPU per streamed chunk | added p50 | added p99 | memory |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
  process.stdout.write(`${table}\n`);
  if (process.argv.includes('--write')) {
    writeFileSync(
      fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url)),
      `# Benchmarks

\`npm run bench\` measures on your machine: direct, nginx and Keymux (logs, metrics, key accounting on,
${keys.toLocaleString('en')} keys) in one run, ${rounds} rounds interleaved, medians. A completion of about 1 KB over
${connections} connections; ${streams} streams of ${chunksPerStream} chunks, one each 20 ms; latency over one connection. CPU and memory
are those of all processes of the proxy. In brackets: times nginx.

${table}
`,
    );
  }
} finally {
  for (const child of children) child.kill();
  await keymux.close();
  rmSync(directory, { recursive: true, force: true });
}
