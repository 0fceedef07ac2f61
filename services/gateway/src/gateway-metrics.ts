import { Counter, Gauge, type Registry } from 'prom-client';
import { TallyHistogram } from './tally-histogram.ts';

const secondsBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600,
];

/** What Prometheus is told about the data plane. */
export interface GatewayMetrics {
  request(group: string, status: number, seconds: number): void;
  /** Time of a request that Keymux itself took, in seconds. */
  overhead(seconds: number): void;
  attempt(group: string, verdict: string): void;
}

/** Numbers that are read when Prometheus asks. */
export interface GatewayGauges {
  readonly activeRequests: () => number;
  readonly spoolBytes: () => number;
  readonly droppedLines: () => number;
  /** This gateway counts limits on its own. */
  readonly limitsAreLocal: () => boolean;
  readonly pools: () => Iterable<PoolStanding>;
}

/** How a gateway sees a pool. */
export interface PoolStanding {
  readonly group: string;
  /** Keymanager's number of the last change that is in. */
  readonly revision: number;
  /** Keys that requests may go out with. */
  readonly usableKeys: number;
}

/** Registers the gateway's metrics. */
export function createGatewayMetrics(registry: Registry, gauges: GatewayGauges): GatewayMetrics {
  const registers = [registry];
  const requests = new Tally<number>();
  new Counter({
    name: 'keymux_requests_total',
    help: 'Proxied requests by group and status.',
    labelNames: ['group', 'status'],
    registers,
    collect() {
      this.reset();
      requests.forEach((group, status, count) => this.inc({ group, status }, count));
    },
  });
  const duration = new TallyHistogram({
    name: 'keymux_request_duration_seconds',
    help: 'Duration of proxied requests, to the last byte.',
    labelNames: ['group'],
    buckets: secondsBuckets,
    registers,
  });
  const overhead = new TallyHistogram({
    name: 'keymux_overhead_seconds',
    help: 'Time from the end of the request body to the first attempt on its way.',
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1],
    registers,
  });
  const attempts = new Tally<string>();
  new Counter({
    name: 'keymux_attempts_total',
    help: 'Attempts at upstreams by group and verdict.',
    labelNames: ['group', 'verdict'],
    registers,
    collect() {
      this.reset();
      attempts.forEach((group, verdict, count) => this.inc({ group, verdict }, count));
    },
  });
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  gauge('keymux_active_requests', 'Proxied requests that run now.', gauges.activeRequests);
  gauge(
    'keymux_spool_bytes',
    'Bytes in the spool that the bus has not taken yet.',
    gauges.spoolBytes,
  );
  gauge('keymux_spool_dropped_lines', 'Lines the spool could not take.', gauges.droppedLines);
  gauge(
    'keymux_shared_limits_local',
    'Gateways that count limits on their own, because what shares them does not answer.',
    () => (gauges.limitsAreLocal() ? 1 : 0),
  );
  const poolGauge = (name: string, help: string, read: (pool: PoolStanding) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ['group'],
      // Of several workers the one that is behind.
      aggregator: 'min',
      registers,
      collect() {
        this.reset();
        for (const pool of gauges.pools()) this.set({ group: pool.group }, read(pool));
      },
    });
  };
  poolGauge(
    'keymux_pool_revision',
    'The last change of a pool that this gateway knows; equal at all gateways when they agree.',
    ({ revision }) => revision,
  );
  poolGauge(
    'keymux_pool_usable_keys',
    'Keys of a pool that this gateway may use now.',
    ({ usableKeys }) => usableKeys,
  );
  return {
    request: (group, status, seconds) => {
      requests.add(group, status);
      duration.count(group, seconds);
    },
    overhead: (seconds) => overhead.count('', seconds),
    attempt: (group, verdict) => attempts.add(group, verdict),
  };
}

/** Counts by two labels; prom-client hashes the names of labels at every count, this only when asked. */
class Tally<V> {
  readonly #groups = new Map<string, Map<V, number>>();

  add(group: string, value: V): void {
    let counts = this.#groups.get(group);
    if (counts === undefined) this.#groups.set(group, (counts = new Map<V, number>()));
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }

  forEach(tell: (group: string, value: V, count: number) => void): void {
    for (const [group, counts] of this.#groups) {
      for (const [value, count] of counts) tell(group, value, count);
    }
  }
}
