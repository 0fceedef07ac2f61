import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ask } from '../clients/ask.ts';
import { addServing, useHouse } from '../product/house.ts';
import { mode } from '../product/keymux.ts';
import { fault } from '../provider-simulator/errors.ts';

const house = useHouse();

const metrics = async () => (await fetch(house.keymux.metricsUrl)).text();

/** The sum of a metric over the label sets that contain a text. */
function valueOf(text: string, name: string, label: string): number {
  const lines = text.split('\n').filter((line) => {
    const [metric = ''] = line.split(/[{ ]/);
    return metric === name && line.includes(label);
  });
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** How many keys a group has: of each state what the replica says that says most, for each tells all of them. */
function keysOf(text: string, group: string): number {
  const most = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (!line.startsWith('keymux_keys{') || !line.includes(`group="${group}"`)) continue;
    const [, state = ''] = /state="(\w+)"/.exec(line) ?? [];
    const keys = Number(line.slice(line.lastIndexOf(' ')));
    most.set(state, Math.max(most.get(state) ?? 0, keys));
  }
  return [...most.values()].reduce((sum, keys) => sum + keys, 0);
}

describe('health and metrics', () => {
  it('says that it lives and that it is ready', async () => {
    expect((await fetch(`${house.keymux.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${house.keymux.url}/readyz`)).status).toBe(200);
  });

  it('tells Prometheus what docs/metrics.md says, and nothing else of its own', async () => {
    const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
    const described = Array.from(page.matchAll(/^\| `(keymux_\w+)`/gm), ([, name]) => name);
    const told = Array.from(
      (await metrics()).matchAll(/^# TYPE (keymux_\w+) /gm),
      ([, name]) => name,
    );
    // A bus is away only where services are apart.
    const expected = described.filter((name) => mode === 'distributed' || name !== 'keymux_bus_up');
    expect([...new Set(told)].toSorted()).toEqual(expected.toSorted());
  });

  it('keeps metrics off the public port', async () => {
    expect((await fetch(`${house.keymux.url}/metrics`)).status).not.toBe(200);
    const reply = await fetch(house.keymux.metricsUrl);
    expect(reply.headers.get('content-type')).toContain('text/plain');
  });

  it('counts requests, durations, overhead, attempts by verdict, keys by state and the spool', async () => {
    const { url, name, secrets } = await addServing(house, { channel: 'openai' }, 3);
    const label = `group="${name}"`;
    await expect.poll(async () => keysOf(await metrics(), name), { timeout: 20_000 }).toBe(3);
    const before = await metrics();
    house.simulator.script({
      match: { key: secrets[0] ?? '' },
      answer: fault('openai', 'quota'),
    });
    for (let round = 0; round < 6; round += 1) {
      expect((await ask(url, 'openai', house.keymux.proxyKey)).status).toBe(200);
    }
    const grown = async (metric: string, text: string) =>
      valueOf(await metrics(), metric, text) - valueOf(before, metric, text);
    await expect.poll(() => grown('keymux_requests_total', label)).toBe(6);
    await expect.poll(() => grown('keymux_request_duration_seconds_count', label)).toBe(6);
    await expect.poll(() => grown('keymux_overhead_seconds_count', '')).toBeGreaterThanOrEqual(6);
    const verdict = (word: string) => `${label},verdict="${word}"`;
    await expect.poll(() => grown('keymux_attempts_total', verdict('success'))).toBe(6);
    await expect.poll(() => grown('keymux_attempts_total', verdict('blacklist'))).toBe(1);
    await expect
      .poll(
        async () => {
          const text = await metrics();
          const lines = text
            .split('\n')
            .filter((line) => line.startsWith('keymux_keys{') && line.includes(label));
          return lines.some((line) => line.includes('blacklisted') && line.endsWith(' 1'));
        },
        { timeout: 20_000 },
      )
      .toBe(true);
    expect(await metrics()).toMatch(/^keymux_spool_bytes(\{[^}]*\})? \d/m);
  });
});
