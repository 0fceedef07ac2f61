import { createServer } from 'node:http';
import { Counter } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { StartProblem } from './lifecycle.ts';
import { listen } from './listen.ts';
import { createLogger } from './logger.ts';
import { createMetricsRegistry, createMetricsServer, type MetricsServer } from './metrics.ts';

let lines: string[] = [];
const log = createLogger({
  service: 'test',
  level: 'info',
  format: 'text',
  write: (line) => lines.push(line),
});
const started: MetricsServer[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
  lines = [];
});

async function start(collect: () => Promise<string>, port = 0): Promise<MetricsServer> {
  const server = createMetricsServer({ port, host: '127.0.0.1', collect, log });
  started.push(server);
  await server.start();
  return server;
}

describe('the metrics server', () => {
  it('serves what was counted', async () => {
    const registry = createMetricsRegistry({ service: 'gateway' });
    const counter = new Counter({
      name: 'requests_total',
      help: 'Requests.',
      registers: [registry],
    });
    counter.inc(3);
    const { port } = await start(() => registry.metrics());
    const answer = await fetch(`http://127.0.0.1:${port}/metrics?x=1`);
    expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await answer.text()).toContain('requests_total{service="gateway"} 3');
  });

  it('serves nothing else', async () => {
    const { port } = await start(async () => '');
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })).status).toBe(404);
  });

  it('says that something is wrong without saying what', async () => {
    const { port } = await start(() => Promise.reject(new Error('worker 3 is gone')));
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('worker');
    expect(lines[0]).toMatch(/WARN .*worker 3 is gone/);
  });

  it('says which variable names the port that is in use', async () => {
    const { port } = await start(async () => '');
    const failed = start(async () => '', port);
    await expect(failed).rejects.toThrow(new StartProblem(`port ${port} (METRICS_PORT) is in use`));
  });
});

describe('listen', () => {
  it('says that an address is not one of this machine', async () => {
    const at = { port: 0, host: '192.0.2.1', variable: 'PORT' };
    expect(await listen(createServer(), at)).toEqual({
      kind: 'problem',
      message: '192.0.2.1 (HOST) is not an address of this machine',
    });
  });
});
