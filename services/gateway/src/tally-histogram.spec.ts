import { AggregatorRegistry, Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { TallyHistogram } from './tally-histogram.ts';

const buckets = [0.1, 0.5, 2];
const values = [0, 0.1, 0.100001, 0.5, 1.25, 2, 3, 1_000];
const about = { name: 'seconds', help: 'What took how long.', buckets };

/** With the labels of each line in the order of their names: Prometheus does not mind it. */
const inOrder = (text: string): string =>
  text.replaceAll(
    /\{(.*)\}/g,
    (_, labels: string) => `{${labels.split(',').toSorted().join(',')}}`,
  );

async function both(labelNames: string[], observations: readonly (readonly [string, number])[]) {
  const ours = new Registry();
  const theirs = new Registry();
  for (const registry of [ours, theirs]) registry.setDefaultLabels({ service: 'gateway' });
  const tally = new TallyHistogram({ ...about, labelNames, registers: [ours] });
  const histogram = new Histogram({ ...about, labelNames, registers: [theirs] });
  for (const [group, value] of observations) {
    tally.count(group, value);
    if (labelNames.length === 0) histogram.observe(value);
    else histogram.observe({ group }, value);
  }
  return { ours, theirs };
}

it.each([
  ['nothing', []],
  ['a group', values.map((value) => ['a', value] as const)],
  ['two groups', values.map((value, at) => [at % 3 === 0 ? 'a' : 'b"\\', value] as const)],
])('tells of %s what a histogram of prom-client tells', async (_, observations) => {
  const { ours, theirs } = await both(['group'], observations);
  expect(inOrder(await ours.metrics())).toBe(inOrder(await theirs.metrics()));
  const workers = async (registry: Registry) =>
    AggregatorRegistry.aggregate([
      await registry.getMetricsAsJSON(),
      await registry.getMetricsAsJSON(),
    ]).metrics();
  expect(inOrder(await workers(ours))).toBe(inOrder(await workers(theirs)));
});

it('tells of a histogram without a label what one of prom-client tells, also of nothing', async () => {
  for (const observations of [[], values.map((value) => ['', value] as const)]) {
    const { ours, theirs } = await both([], observations);
    expect(inOrder(await ours.metrics())).toBe(inOrder(await theirs.metrics()));
  }
});
