import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { type Part, startPart } from './part.ts';
import { debianProgram, runProgram } from './program.ts';

/** A series as a query gives it: its labels, and its value now. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** An alert that a rule gives now. */
export interface Alert {
  readonly state: 'pending' | 'firing';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Prometheus extends Part {
  /** What an expression gives now; rejects with what is wrong with one that cannot be read. */
  query(expression: string): Promise<readonly Sample[]>;
  /** The names of the labels that the series of a metric have, its own name apart. */
  labelsOf(metric: string): Promise<ReadonlySet<string>>;
  alerts(): Promise<readonly Alert[]>;
}

export interface PrometheusOptions {
  /** Of `/metrics`, `http://host:port`; all in the job `keymux`. */
  readonly targets: readonly string[];
  /** Files of rules. */
  readonly rules: readonly string[];
}

/** Runs promtool, which comes with Prometheus, to its end; rejects with what it has against a file. */
export async function promtool(args: readonly string[]): Promise<void> {
  const program = await debianProgram('promtool', 'prometheus');
  await runProgram(program, [...args]).catch((error: unknown) => {
    const printed = ['stdout', 'stderr'].map((each) => textOf(error, each)).join('');
    throw new Error(`promtool ${args.join(' ')}:\n${printed}`, { cause: error });
  });
}

const textOf = (error: unknown, name: string): string =>
  typeof error === 'object' && error !== null ? String(Reflect.get(error, name) ?? '') : '';

/** Starts a Prometheus that asks its targets, and looks at its rules, twice a second. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const program = await debianProgram('prometheus');
  const folder = mkdtempSync(join(tmpdir(), 'keymux-prometheus-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const file = join(folder, 'prometheus.yml');
  const every = '500ms';
  const config = {
    global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
    rule_files: options.rules,
    scrape_configs: [
      {
        job_name: 'keymux',
        // One page may tell of several processes.
        honor_labels: true,
        static_configs: [{ targets: options.targets.map((each) => new URL(each).host) }],
      },
    ],
  };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config));
  const part = await startPart({
    program,
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    port,
    url,
    folder,
    serves: () =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
  });

  async function ask<T>(path: string, parameters: Record<string, string> = {}): Promise<T> {
    const reply = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    // Prometheus says so of its answers.
    const answer = (await reply.json()) as { data?: T; error?: string };
    if (answer.data === undefined) throw new Error(`${path}: ${answer.error ?? reply.status}`);
    return answer.data;
  }

  return Object.assign(part, {
    async query(query: string) {
      type Vector = { result: { metric: Record<string, string>; value: [number, string] }[] };
      const { result } = await ask<Vector>('query', { query });
      return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
    },
    async labelsOf(metric: string) {
      const names = await ask<string[]>('labels', { 'match[]': metric });
      return new Set(names.filter((name) => name !== '__name__'));
    },
    async alerts() {
      return (await ask<{ alerts: Alert[] }>('alerts')).alerts;
    },
  });
}
