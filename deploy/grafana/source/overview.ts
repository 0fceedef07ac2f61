import type { Plan } from './dashboard.ts';

const of = 'group=~"$group",instance=~"$instance"';
const requests = (by = '', more = '') =>
  `sum${by}(rate(keymux_requests_total{${of}${more}}[$__rate_interval]))`;
const attempts = (by = '') => `sum${by}(rate(keymux_attempts_total{${of}}[$__rate_interval]))`;
const duration = (share: number, by = '') =>
  `histogram_quantile(${share}, sum by (le${by}) (rate(keymux_request_duration_seconds_bucket{${of}}[$__rate_interval])))`;
const overhead = (share: number) =>
  `histogram_quantile(${share}, sum by (le) (rate(keymux_overhead_seconds_bucket{instance=~"$instance"}[$__rate_interval])))`;
const failed = ',status=~"5.."';

/** What clients get. */
export const overview: Plan = {
  uid: 'keymux-overview',
  title: 'Keymux: overview',
  about:
    'What clients get: traffic, errors and how long it takes. Counters of all gateways are summed. Choose groups and gateways at the top.',
  variables: {
    group: 'label_values(keymux_requests_total, group)',
    instance: 'label_values(keymux_active_requests, instance)',
  },
  figures: [
    {
      title: 'Requests',
      about: 'Answered requests a second.',
      unit: 'reqps',
      query: requests(),
    },
    {
      title: 'Errors',
      about:
        'The share of requests whose client got 5xx, from Keymux or passed on from the provider.',
      unit: 'percentunit',
      query: `(${requests('', failed)} or vector(0)) / ${requests()}`,
      warn: 0.01,
      alarm: 0.05,
    },
    {
      title: 'Duration, p95',
      about: 'Nineteen of twenty requests have their last byte after this time.',
      unit: 's',
      query: duration(0.95),
    },
    {
      title: 'Overhead, p99',
      about:
        'What Keymux takes itself, from the end of a body until the first attempt is on its way. Of all groups.',
      unit: 's',
      query: overhead(0.99),
      warn: 0.01,
      alarm: 0.05,
    },
    {
      title: 'Running now',
      about: 'Requests that run at the chosen gateways, of all groups.',
      unit: 'short',
      query: 'sum(keymux_active_requests{instance=~"$instance"})',
    },
    {
      title: 'Attempts a request',
      about:
        '1 when every request succeeds at once; more where it is tried again with other keys or upstreams.',
      unit: 'short',
      query: `${attempts()} / ${requests()}`,
      warn: 1.5,
      alarm: 2.5,
    },
  ],
  graphs: {
    Traffic: [
      {
        title: 'Requests by group',
        about: 'Answered requests a second.',
        unit: 'reqps',
        lines: { '{{group}}': requests(' by (group) ') },
        stacked: true,
      },
      {
        title: 'Requests by status',
        about: 'What clients got; 499 is one that left before its answer.',
        unit: 'reqps',
        lines: { '{{status}}': requests(' by (status) ') },
        stacked: true,
      },
    ],
    Errors: [
      {
        title: 'Errors by group',
        about: 'The share of requests whose client got 5xx.',
        unit: 'percentunit',
        lines: {
          '{{group}}': `${requests(' by (group) ', failed)} / ${requests(' by (group) ')} or 0 * ${requests(' by (group) ')}`,
        },
      },
      {
        title: 'Attempts by verdict',
        about:
          'What attempts at upstreams told: of the key (count, blacklist, cooldown), of the upstream, of the client, or nothing.',
        unit: 'cps',
        lines: { '{{verdict}}': attempts(' by (verdict) ') },
        stacked: true,
      },
      {
        title: 'Attempts a request, by group',
        about: 'How often a request is tried.',
        unit: 'short',
        lines: { '{{group}}': `${attempts(' by (group) ')} / ${requests(' by (group) ')}` },
      },
      {
        title: 'Running now, by gateway',
        about: 'A gateway answers 503 when each of its workers has MAX_CONCURRENT_REQUESTS.',
        unit: 'short',
        lines: {
          '{{instance}}': 'sum by (instance) (keymux_active_requests{instance=~"$instance"})',
        },
        stacked: true,
      },
    ],
    Durations: [
      {
        title: 'Duration',
        about: 'To the last byte, so a stream takes as long as its client reads.',
        unit: 's',
        lines: { p50: duration(0.5), p95: duration(0.95), p99: duration(0.99) },
      },
      {
        title: 'Duration by group, p95',
        about: 'To the last byte.',
        unit: 's',
        lines: { '{{group}}': duration(0.95, ', group') },
      },
      {
        title: 'Overhead',
        about: 'What Keymux takes itself until the first attempt is on its way. Of all groups.',
        unit: 's',
        lines: { p50: overhead(0.5), p95: overhead(0.95), p99: overhead(0.99) },
      },
    ],
  },
};
