import { describe, expect, it } from 'vitest';
import { leasesConformance } from '../leases.conformance.ts';
import { limitsConformance } from '../limits.conformance.ts';
import { throttleConformance } from '../throttle.conformance.ts';
import { createInProcessLeases } from './leases.ts';
import { createInProcessLimits } from './limits.ts';
import { createInProcessThrottle } from './throttle.ts';
import { UseLedger } from './use-ledger.ts';

const close = () => Promise.resolve();

leasesConformance('leases within a process', () => {
  const leases = createInProcessLeases();
  return Promise.resolve({ one: leases, other: leases, close });
});
limitsConformance('limits within a process', (times) =>
  Promise.resolve({ instances: [createInProcessLimits(times)], close }),
);
throttleConformance('throttles within a process', () =>
  Promise.resolve({
    open: (_name, policy) => {
      const throttle = createInProcessThrottle({ policy });
      return { one: throttle, other: throttle };
    },
    close,
  }),
);

describe('the ledger of uses', () => {
  const both = { perMinute: 5, atOnce: 5 };

  it('forgets names that are no longer used, also past one that goes on', () => {
    let nowMs = 0;
    const ledger = new UseLedger({ now: () => nowMs });
    const long = { space: 's', name: 'long', use: 'u' };
    ledger.record(long, both);
    for (let each = 0; each < 10_000; each += 1) {
      nowMs += 100;
      if (each % 100 === 0) ledger.keep([long]);
      const use = { space: 's', name: `key-${each}`, use: 'v' };
      ledger.record(use, both);
      ledger.end(use);
    }
    // A minute's names, and the one that goes on.
    expect(ledger.size).toBeLessThanOrEqual(602);
    expect(ledger.refusal('s', 'long', { perMinute: 0, atOnce: 1 })?.why).toBe('at-once');
  });

  it('stays exact over many windows', () => {
    let nowMs = 0;
    const ledger = new UseLedger({ now: () => nowMs, windowMs: 1_000 });
    const granted: number[] = [];
    for (; nowMs < 100_000; nowMs += 7) {
      const request = {
        space: 's',
        names: ['k'],
        allowance: { perMinute: 50, atOnce: 0 },
        use: '',
      };
      if (ledger.take(request).granted !== null) granted.push(nowMs);
    }
    for (const [at, timeMs] of granted.entries()) {
      expect((granted[at + 50] ?? Number.POSITIVE_INFINITY) - timeMs).toBeGreaterThanOrEqual(1_000);
    }
    expect(granted.length).toBeGreaterThanOrEqual(4_950);
  });
});
