import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import { run } from './load.ts';
import { cpuUs, residentMib } from './processes.ts';
import { startTargets, type Target } from './targets.ts';

const rounds = 5;
const requests = 6_000;
/**
 * Before the first round, with streams between the first and the second half: V8 goes on making code faster
 * until some 20,000 requests, and begins anew when it meets its first stream.
 */
const warmRequests = 40_000;
const connections = 16;
const streams = 250;
const chunksPerStream = 100;
const keys = 1_000;
/** What a load leaves to be written belongs to it. */
const settleMs = 500;

/** A figure of each process of a proxy. */
type PerProcess = readonly number[];

interface Figures {
  readonly idleMib: PerProcess;
  readonly cpuUsPerRequest: PerProcess[];
  readonly cpuUsPerChunk: PerProcess[];
  readonly loadedMib: PerProcess[];
  readonly p50Ms: number[];
  readonly p99Ms: number[];
}

async function measure(target: Target, figures: Figures): Promise<void> {
  const { pids, key } = target;
  const url = `${target.url}/v1/chat/completions`;
  const cost = async (work: () => Promise<unknown>, units: number): Promise<PerProcess> => {
    const before = pids.map(cpuUs);
    await work();
    await setTimeout(settleMs);
    return pids.map((pid, at) => (cpuUs(pid) - (before[at] ?? 0)) / units);
  };
  const load = { url, key, stream: false, connections, requests };
  figures.cpuUsPerRequest.push(await cost(() => run(load), requests));
  const alone = await run({ ...load, connections: 1, requests: 1_500 });
  figures.p50Ms.push(quantile(alone, 0.5));
  figures.p99Ms.push(quantile(alone, 0.99));
  const streaming = { key, stream: true, connections: streams, requests: streams };
  figures.cpuUsPerChunk.push(
    await cost(
      () => run({ ...streaming, url: `${url}?chunks=${chunksPerStream}` }),
      streams * chunksPerStream,
    ),
  );
  figures.loadedMib.push(pids.map(residentMib));
}

async function warm({ url: base, key }: Target): Promise<void> {
  const url = `${base}/v1/chat/completions`;
  const half = { url, key, stream: false, connections, requests: warmRequests / 2 };
  await run(half);
  const streaming = { key, stream: true, connections: streams, requests: streams };
  await run({ ...streaming, url: `${url}?chunks=${chunksPerStream}` });
  await run(half);
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
}

const median = (values: readonly number[]): number => quantile(values, 0.5);
const sum = (values: PerProcess): number => values.reduce((all, each) => all + each, 0);

function table(all: ReadonlyMap<Target, Figures>, { direct, nginx }: Record<string, Target>) {
  const of = (target: Target | undefined): Figures => {
    const found = target === undefined ? undefined : all.get(target);
    if (found === undefined) throw new Error('a target was not measured');
    return found;
  };
  const total = (values: readonly PerProcess[]): number => median(values.map(sum));
  const cpu = (values: readonly PerProcess[], ofNginx: readonly PerProcess[]): string =>
    `${total(values).toFixed(1)} µs (${(total(values) / total(ofNginx)).toFixed(1)}×)`;
  const memory = (its: Figures): string =>
    `${sum(its.idleMib).toFixed(0)} / ${total(its.loadedMib).toFixed(0)} MiB`;
  const rows = [...all].flatMap(([target, its]) => {
    const added = (name: 'p50Ms' | 'p99Ms'): string =>
      `${(median(its[name]) - median(of(direct)[name])).toFixed(2)} ms`;
    if (target === direct) return [];
    const whole = [
      target.name,
      cpu(its.cpuUsPerRequest, of(nginx).cpuUsPerRequest),
      cpu(its.cpuUsPerChunk, of(nginx).cpuUsPerChunk),
      added('p50Ms'),
      added('p99Ms'),
      memory(its),
    ];
    const parts = (target.parts ?? []).map((name, at) => {
      const only = (values: readonly PerProcess[]) => values.map((each) => [each[at] ?? 0]);
      return [
        `– its ${name}`,
        cpu(only(its.cpuUsPerRequest), of(nginx).cpuUsPerRequest),
        cpu(only(its.cpuUsPerChunk), of(nginx).cpuUsPerChunk),
        '',
        '',
        memory({
          ...its,
          idleMib: [its.idleMib[at] ?? 0],
          loadedMib: only(its.loadedMib),
        }),
      ];
    });
    return [whole, ...parts];
  });
  const head = [
    '',
    'CPU per request',
    'CPU per streamed chunk',
    'added p50',
    'added p99',
    'memory idle / loaded',
  ];
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

const targets = await startTargets(keys);
try {
  const { direct, nginx, bare, keymux } = targets;
  const figures = new Map(
    [direct, nginx, bare, keymux].map((target): [Target, Figures] => [
      target,
      {
        idleMib: target.pids.map(residentMib),
        cpuUsPerRequest: [],
        cpuUsPerChunk: [],
        loadedMib: [],
        p50Ms: [],
        p99Ms: [],
      },
    ]),
  );
  for (const target of figures.keys()) await warm(target);
  for (let round = 0; round < rounds; round += 1) {
    for (const [target, its] of figures) await measure(target, its);
  }
  const found = table(figures, { direct, nginx });
  process.stdout.write(`${found}\n`);
  if (process.argv.includes('--write')) {
    const page = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
    writeFileSync(page, pageOf(found));
  }
} finally {
  await targets.close();
}

function pageOf(found: string): string {
  return `# Benchmarks

\`npm run bench\` measures on your machine: direct, nginx, a bare Node proxy (\`bench/bare.ts\`: \`node:http\` in,
undici out, nothing else) and Keymux as it comes, with logs, metrics and key accounting on and
${keys.toLocaleString('en')} keys, in one run, ${rounds} rounds interleaved, medians, after ${warmRequests.toLocaleString('en')} requests and ${streams} streams to each: until then a
program on Node still becomes faster. ${requests.toLocaleString('en')} completions a round of about 1 KB over ${connections} connections;
${streams} streams of ${chunksPerStream} chunks, one each 20 ms; latency added to the direct way, over one connection. CPU is
that of all processes of a proxy, with what they write after the load. In brackets: times nginx.

${found}
`;
}
