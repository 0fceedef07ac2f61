import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promtool, startPrometheus, type Alert, type Prometheus } from '@keymux/parts/prometheus';
import { keymanagerOperations } from '@keymux/contracts';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ask } from '../clients/ask.ts';
import { addServing, useHouse } from '../product/house.ts';
import { mode } from '../product/keymux.ts';
import { groupedBy, selectorsOf } from '../product/promql.ts';
import { fault, type Fault } from '../provider-simulator/errors.ts';

const deployed = (path: string): string =>
  fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url));
const alertsFile = deployed('prometheus/keymux-alerts.yml');

/** What the journey looks at in what Grafana imports. */
interface Dashboard {
  readonly title: string;
  readonly panels: readonly {
    readonly title: string;
    readonly description?: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
  readonly templating: { readonly list: readonly { type: string; query: string }[] };
}

const dashboards = readdirSync(deployed('grafana'))
  .filter((name) => name.endsWith('.json'))
  .map((name): Dashboard => JSON.parse(readFileSync(deployed(`grafana/${name}`), 'utf8')));
/** What docs/metrics.md tells of, and what else Prometheus is told of histograms. */
const described = Array.from(
  readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8').matchAll(
    /^\| `(keymux_\w+)`( \(histogram\))?/gm,
  ),
  ([, name = '', histogram]) =>
    histogram === undefined ? [name] : ['_bucket', '_count', '_sum'].map((part) => name + part),
).flat();
/** A bus can be away only where services are apart. */
const isApartOnly = 'keymux_bus_up';

describe('what deploy/prometheus has', () => {
  it('is read by Prometheus', async () => {
    await promtool(['check', 'config', deployed('prometheus/prometheus.yml')]);
    await promtool(['check', 'config', deployed('prometheus/prometheus-apart.yml')]);
  });

  it('tells of what is broken and of nothing else', async () => {
    await promtool(['test', 'rules', deployed('prometheus/keymux-alerts.test.yml')]);
  });

  it('has a case for each alert', () => {
    const [rules, tests] = [alertsFile, deployed('prometheus/keymux-alerts.test.yml')].map((file) =>
      readFileSync(file, 'utf8'),
    );
    const names = Array.from(rules?.matchAll(/- alert: (\w+)/g) ?? [], ([, name = '']) => name);
    expect(names.length).toBeGreaterThan(15);
    const patterned = (name: string) => /^Keymux\w+StandStill$/.test(name);
    expect(names.filter((name) => !patterned(name) && tests?.includes(name) !== true)).toEqual([]);
  });
});

describe('a Prometheus that asks a running Keymux', () => {
  const house = useHouse();
  const folder = mkdtempSync(join(tmpdir(), 'keymux-rules-'));
  let prometheus: Prometheus;
  let group: Awaited<ReturnType<typeof addServing>>;
  /** Requests that go on all the time, as rates need. */
  let traffic: { stop: () => Promise<void> };

  const alerts = async (): Promise<readonly Alert[]> => prometheus.alerts();
  const fires = async (alertname: string, labels: Readonly<Record<string, string>>) =>
    (await alerts()).some(
      (alert) =>
        alert.labels['alertname'] === alertname &&
        Object.entries(labels).every(([name, value]) => alert.labels[name] === value),
    );
  const patience = { timeout: 30_000, interval: 200 };

  /** A group whose keys the provider refuses, all but so many, and which is asked until the end of the test. */
  async function addRefused(what: Fault, { keys, but = 0 }: { keys: number; but?: number }) {
    const refused = await addServing(house, { channel: 'openai' }, keys);
    for (const key of refused.secrets.slice(but)) {
      house.simulator.script({ match: { key }, answer: fault('openai', what) });
    }
    const asked = startTraffic(
      () => Promise.all([1, 2, 3].map(() => ask(refused.url, 'openai', house.keymux.proxyKey))),
      50,
    );
    onTestFinished(asked.stop);
    return refused.name;
  }

  beforeAll(async () => {
    group = await addServing(house, { channel: 'openai' }, 5);
    traffic = startTraffic(() => ask(group.url, 'openai', house.keymux.proxyKey), 200);
    const { id } = await house.keymux.api.key(group.name, group.secrets[0] ?? '');
    await house.keymux.api.call(keymanagerOperations.validateKey, { params: { id } });
    // An alert that waits is right when it would fire at once where it does not wait.
    const atOnce = join(folder, 'at-once.yml');
    const rules = readFileSync(alertsFile, 'utf8').replaceAll(/^ +(keep_firing_)?for: .*\n/gm, '');
    writeFileSync(atOnce, rules);
    prometheus = await startPrometheus({ targets: [house.keymux.metricsUrl], rules: [atOnce] });
  });
  afterAll(async () => {
    await traffic.stop();
    await prometheus.stop();
    rmSync(folder, { recursive: true });
  });

  it('has no alert while all is well', async () => {
    const written = 'sum(rate(keymux_log_rows_total{result="written"}[1m])) > 0';
    await expect.poll(() => prometheus.query(written), patience).not.toEqual([]);
    await expect.poll(alerts, patience).toEqual([]);
  });

  it('finds every metric and label that the alerts name', async () => {
    const rules = readFileSync(alertsFile, 'utf8')
      .split(/- alert: /)
      .slice(1);
    for (const rule of rules) {
      const [expression = '', annotations = ''] = rule.split(/annotations:/);
      const known = new Set(['missing', 'instance', 'job']);
      for (const { metric, labels } of selectorsOf(expression)) {
        expect(described).toContain(metric);
        if (metric === isApartOnly && mode === 'standalone') known.add('bus');
        else {
          const has = await prometheus.labelsOf(metric);
          expect(has, metric).toContain('service');
          for (const name of labels) expect(has, metric).toContain(name);
          for (const name of has) known.add(name);
        }
      }
      for (const name of groupedBy(expression)) expect(known, expression).toContain(name);
      for (const [, name = ''] of annotations.matchAll(/\$labels\.(\w+)/g)) {
        expect(known, annotations).toContain(name);
      }
    }
  });

  it('tells of keys that are used up and of clients that get errors for it', async () => {
    const name = await addRefused('billing', { keys: 2 });
    await expect.poll(() => fires('KeymuxGroupHasNoKeys', { group: name }), patience).toBe(true);
    await expect.poll(() => fires('KeymuxClientsGetErrors', { group: name }), patience).toBe(true);
    expect(await fires('KeymuxClientsGetErrors', { group: group.name })).toBe(false);
  });

  it('tells of a group that has one key left', async () => {
    const rich = await addRefused('billing', { keys: 3, but: 2 });
    const poor = await addRefused('billing', { keys: 3, but: 1 });
    await expect.poll(() => fires('KeymuxGroupHasFewKeys', { group: poor }), patience).toBe(true);
    expect(await fires('KeymuxGroupHasFewKeys', { group: rich })).toBe(false);
    expect(await fires('KeymuxClientsGetErrors', { group: poor })).toBe(false);
  });

  it('tells of a provider that fails', async () => {
    const name = await addRefused('server-error', { keys: 3 });
    await expect.poll(() => fires('KeymuxProviderFails', { group: name }), patience).toBe(true);
    expect(await fires('KeymuxGroupHasNoKeys', { group: name })).toBe(false);
  });

  it('tells of keys that are refused all alike', async () => {
    expect(await fires('KeymuxKeysFailAlike', {})).toBe(false);
    await addRefused('invalid-key', { keys: 5 });
    await expect.poll(() => fires('KeymuxKeysFailAlike', {}), patience).toBe(true);
  });

  it.each(dashboards.map((dashboard) => [dashboard.title, dashboard] as const))(
    'has something to show in every panel of %s',
    async (_title, { panels, templating }) => {
      for (const { query } of templating.list.filter(({ type }) => type === 'query')) {
        const [, metric = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? [];
        expect(await prometheus.labelsOf(metric), query).toContain(label);
      }
      const shown = panels.filter(({ targets }) => targets !== undefined);
      expect(shown.length).toBeGreaterThan(10);
      for (const { title, description = '', targets = [] } of shown) {
        for (const { expr, legendFormat } of targets) {
          const query = expr
            .replaceAll(/\$(group|instance)\b/g, '.*')
            .replaceAll('$__rate_interval', '1m');
          expect(query, title).not.toContain('$');
          for (const { metric } of selectorsOf(query)) expect(described, title).toContain(metric);
          if (query.includes(isApartOnly) && mode === 'standalone') {
            expect(description, title).toContain('Empty for npm start');
            // It can be read, though.
            expect(await prometheus.query(query)).toEqual([]);
            continue;
          }
          const about = { ...patience, message: `${title}: ${query}` };
          await expect.poll(() => prometheus.query(query), about).not.toEqual([]);
          const samples = await prometheus.query(query);
          for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
            for (const { metric } of samples)
              expect(metric, `${title}: ${query}`).toHaveProperty(label);
          }
          const numbers = samples.filter(({ value }) => Number.isFinite(value));
          expect(numbers, `${title}: ${query}`).not.toEqual([]);
        }
      }
    },
  );

  it('tells of a Keymux that has ended', async () => {
    await traffic.stop();
    await house.keymux.stop();
    await expect.poll(() => fires('KeymuxProcessDown', { job: 'keymux' }), patience).toBe(true);
    const services = ['gateway', 'config', 'keymanager', 'logsink', 'validator'];
    for (const missing of services) {
      await expect.poll(() => fires('KeymuxServiceMissing', { missing }), patience).toBe(true);
    }
  });
});

/** Does something again and again, with a pause after each, until it is stopped. */
function startTraffic(once: () => Promise<unknown>, pauseMs: number) {
  let stopped = false;
  const ended = (async () => {
    while (!stopped) {
      await once();
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await ended;
    },
  };
}
