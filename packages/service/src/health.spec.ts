import { describe, expect, it } from 'vitest';
import { createHealth, type Readiness } from './health.ts';

describe('health', () => {
  it('is ready while nothing says otherwise', () => {
    expect(createHealth().readiness()).toEqual({ ready: true, reasons: {} });
  });

  it('follows its parts, and says which is not ready and why', () => {
    const health = createHealth();
    let config: Readiness = { kind: 'not_ready', why: 'no snapshot yet' };
    health.require('config', () => config);
    health.require('pool', () => ({ kind: 'ready' }));
    expect(health.readiness()).toEqual({ ready: false, reasons: { config: 'no snapshot yet' } });
    config = { kind: 'ready' };
    expect(health.readiness().ready).toBe(true);
  });

  it('is not ready any more once it drains', () => {
    const health = createHealth();
    health.drain();
    expect(health.readiness()).toEqual({ ready: false, reasons: { process: 'draining' } });
  });
});
