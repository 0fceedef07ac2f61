import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createServiceGroup, StartProblem, type Service } from './lifecycle.ts';
import { createLogger } from './logger.ts';

let lines: string[] = [];
let seen: string[] = [];
const log = createLogger({
  service: 'test',
  level: 'info',
  format: 'text',
  write: (line) => lines.push(line),
});
beforeEach(() => {
  lines = [];
  seen = [];
});

function service(name: string, options: Partial<Service> = {}): Service {
  return {
    name,
    async start() {
      seen.push(`start ${name}`);
    },
    async stop() {
      seen.push(`stop ${name}`);
    },
    ...options,
  };
}

describe('a group of services', () => {
  it('starts in order, stops in reverse, and tells its state', async () => {
    const group = createServiceGroup([service('a'), service('b')], { log });
    expect(group.state).toBe('new');
    const starting = group.start();
    expect(group.state).toBe('starting');
    expect(await starting).toBe(true);
    expect(group.state).toBe('running');
    await Promise.all([group.stop(), group.stop()]);
    expect(group.state).toBe('ended');
    expect(seen).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  it('stops what had started when one cannot start, and says why in one line', async () => {
    const broken = service('b', {
      start: () => Promise.reject(new StartProblem('port 3001 is in use')),
    });
    const group = createServiceGroup([service('a'), broken, service('c')], { log });
    expect(await group.start()).toBe(false);
    expect(group.state).toBe('failed');
    expect(seen).toEqual(['start a', 'stop b', 'stop a']);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/FATAL test: b cannot start: port 3001 is in use\n$/);
    await group.stop();
    expect(group.state).toBe('failed');
  });

  it('stops all others when one does not stop cleanly', async () => {
    const broken = service('b', { stop: () => Promise.reject(new Error('stuck')) });
    const group = createServiceGroup([service('a'), broken, service('c')], { log });
    await group.start();
    await group.stop();
    expect(group.state).toBe('ended');
    expect(seen.slice(3)).toEqual(['stop c', 'stop a']);
    expect(lines[0]).toMatch(/ERROR test: b did not stop cleanly \(stuck\)/);
  });

  it('starts no further service when it is stopped while starting', async () => {
    const gate = Promise.withResolvers<void>();
    const slow = service('a', { start: () => gate.promise });
    const group = createServiceGroup([slow, service('b')], { log });
    const starting = group.start();
    const stopping = group.stop();
    gate.resolve();
    expect(await starting).toBe(false);
    await stopping;
    expect(group.state).toBe('ended');
    expect(seen).toEqual(['stop a']);
  });

  it('ends when it is stopped before it was started, and starts only once', async () => {
    const group = createServiceGroup([service('a')], { log });
    await group.stop();
    expect(group.state).toBe('ended');
    expect(() => group.start()).toThrow(/cannot start when ended/);
  });
});

describe('a process of services', { timeout: 60_000 }, () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  const file = (name: string) => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));

  function run(start: string, stop: string) {
    const script = `
      const { runServices, StartProblem } = await import(${file('lifecycle.ts')});
      const { createLogger } = await import(${file('logger.ts')});
      const log = createLogger({ service: 'test', level: 'info', format: 'text' });
      const keepAlive = setInterval(() => {}, 1000);
      const service = { name: 'a', async start() { ${start} }, async stop() { ${stop} } };
      const group = await runServices([service], { log, gracefulMs: 100 });
      log.info('state ' + group.state);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    const started = { child, output: '', ended: Promise.resolve<number | null>(null) };
    child.stdout.on('data', (chunk) => (started.output += String(chunk)));
    child.stderr.on('data', (chunk) => (started.output += String(chunk)));
    started.ended = new Promise((resolve) => child.on('close', (code) => resolve(code)));
    return started;
  }

  const running = (started: { output: string }) =>
    expect.poll(() => started.output, { timeout: 20_000 }).toContain('state running');

  it.each(['SIGTERM', 'SIGINT'] as const)('stops gracefully at %s and exits 0', async (signal) => {
    const started = run('', "log.info('flushed'); clearInterval(keepAlive);");
    await running(started);
    started.child.kill(signal);
    expect(await started.ended).toBe(0);
    expect(started.output).toMatch(/SIG\w+: stopping.*\n.*flushed\n.*stopped\n$/);
  });

  it('ends at once at a second signal', async () => {
    const started = run('', "log.info('hanging'); await new Promise(() => {});");
    await running(started);
    started.child.kill('SIGTERM');
    await expect.poll(() => started.output, { timeout: 20_000 }).toContain('hanging');
    await sleep(600);
    started.child.kill('SIGINT');
    expect(await started.ended).toBe(1);
    expect(started.output).toContain('SIGINT again');
  });

  it('ends when stopping takes too long', async () => {
    const started = run('', 'await new Promise(() => {});');
    await running(started);
    started.child.kill('SIGTERM');
    expect(await started.ended).toBe(1);
    expect(started.output).toContain('took too long');
  });

  it('exits 1 with one line when it cannot start', async () => {
    const started = run("throw new StartProblem('port 3001 is in use')", '');
    expect(await started.ended).toBe(1);
    expect(started.output).toMatch(/^.*FATAL test: a cannot start: port 3001 is in use\n$/);
  });

  it('logs a rejection nobody handled and exits 1', async () => {
    const started = run("void Promise.reject(new Error('a bug'));", '');
    expect(await started.ended).toBe(1);
    expect(started.output).toMatch(/FATAL test: a rejection nobody handled \(a bug\)/);
  });
});
