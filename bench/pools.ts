import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './load.ts';
import { startMeasuredKeymux } from './measured-keymux.ts';
import { cpuUs, family, residentMib } from './processes.ts';
import { startProvider } from './provider.ts';

/** What a large pool costs: its import while requests run, its memory, and requests with it against those with ten keys. */
const large = Number(process.env['KEYS'] ?? 1_000_000);
const small = 10;
const rounds = 6;
const settleMs = 2_000;
const load = { connections: 16, requests: 4_000, stream: false } as const;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;

const provider = await startProvider();
const keymux = await startMeasuredKeymux();
try {
  const upstreams = [{ url: provider.url, weight: 1 }];
  const secretsOf = (group: string, count: number): string[] =>
    Array.from({ length: count }, (_, at) => `sk-${group}-${String(at).padStart(24, '0')}`);
  const addressOf = (group: string): string => `${keymux.url}/proxy/${group}/v1/chat/completions`;
  for (const name of ['small', 'large']) {
    await keymux.api.addGroup({ name, channel: 'openai', upstreams });
  }
  await keymux.api.importKeys('small', secretsOf('small', small));
  const ask = (group: string, requests: number, connections: number): Promise<number[]> =>
    run({ ...load, requests, connections, url: addressOf(group), key: keymux.proxyKey });
  await ask('small', 4_000, 16);
  const [parent = 0, worker = 0] = family(keymux.pid());
  const before = [residentMib(parent), residentMib(worker)] as const;
  const calm = await ask('small', 2_000, 1);

  const importing = { done: false };
  const startMs = performance.now();
  const imported = keymux.api.importKeys('large', secretsOf('large', large)).finally(() => {
    importing.done = true;
  });
  const during: number[] = [];
  while (!importing.done) during.push(...(await ask('small', 200, 1)));
  await imported;
  const importSeconds = (performance.now() - startMs) / 1_000;
  say(`import of ${large.toLocaleString('en')} keys: ${importSeconds.toFixed(1)} s`);
  const p99 = (values: readonly number[]): string => `${quantile(values, 0.99).toFixed(1)} ms`;
  say(`p99 of requests while it ran: ${p99(during)}, before: ${p99(calm)}`);
  await ask('large', 2_000, 16);
  await sleep(2_000);
  say(
    `memory before and after: parent ${before[0].toFixed(0)} and ${residentMib(parent).toFixed(0)} MiB, worker ${before[1].toFixed(0)} and ${residentMib(worker).toFixed(0)} MiB`,
  );

  const rates = { small: [] as number[], large: [] as number[] };
  const costs = { small: [] as number[], large: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    const order = ['small', 'large'] as const;
    for (const group of round % 2 === 0 ? order : order.toReversed()) {
      // What the one left to be written is not to slow the other.
      await sleep(settleMs);
      const beganMs = performance.now();
      const beganUs = cpuUs(worker);
      await ask(group, load.requests, load.connections);
      rates[group].push(load.requests / ((performance.now() - beganMs) / 1_000));
      costs[group].push((cpuUs(worker) - beganUs) / load.requests);
    }
  }
  const median = (values: readonly number[]): number => quantile(values, 0.5);
  say(
    `requests a second: ${median(rates.large).toFixed(0)} with the large pool, ${median(rates.small).toFixed(0)} with ${small} keys: ${(median(rates.large) / median(rates.small)).toFixed(2)}`,
  );
  say(
    `CPU of the worker a request: ${median(costs.large).toFixed(0)} µs and ${median(costs.small).toFixed(0)} µs`,
  );
} finally {
  await keymux.close();
  provider.stop();
}
