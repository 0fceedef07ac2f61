import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { WorkerCounters } from './worker-counters.ts';

function startWorker() {
  const registry = new Registry();
  const registers = [registry];
  return {
    requests: new Counter({ name: 'requests_total', help: '.', labelNames: ['group'], registers }),
    running: new Gauge({ name: 'running', help: '.', registers }),
    seconds: new Histogram({ name: 'seconds', help: '.', buckets: [1, 2], registers }),
    metrics: () => registry.getMetricsAsJSON(),
  };
}

const textOf = (...metrics: object[][]): Promise<string> =>
  AggregatorRegistry.aggregate(metrics).metrics();

it('never let a sum fall when workers are gone or silent, and forget their gauges', async () => {
  const counters = new WorkerCounters();
  const [first, second, third] = [startWorker(), startWorker(), startWorker()];
  for (const [at, worker] of [first, second, third].entries()) {
    worker.requests.inc({ group: 'main' }, 10 ** at);
    worker.running.set(10 ** at);
    worker.seconds.observe(at + 0.5);
    counters.told(worker, await worker.metrics());
  }
  counters.left(first);
  counters.left(second);
  counters.left(startWorker());
  const text = await textOf(counters.gone, await third.metrics());
  expect(text).toContain('requests_total{group="main"} 111');
  expect(text).toContain('seconds_bucket{le="1"} 1');
  expect(text).toContain('seconds_bucket{le="2"} 2');
  expect(text).toContain('seconds_count 3');
  expect(text).toContain('seconds_sum 4.5');
  expect(text).toContain('running 100');
  const silent = await textOf(counters.gone, counters.of(third));
  expect(silent).toContain('requests_total{group="main"} 111');
  expect(silent).not.toContain('running');
});
