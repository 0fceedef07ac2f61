import type { Plan } from './dashboard.ts';

const here = 'instance=~"$instance"';

/** Whether all runs, and nothing is lost on its way. */
export const operation: Plan = {
  uid: 'keymux-operation',
  title: 'Keymux: operation',
  about:
    'Processes, buses, spools, logs and what else an operator keeps an eye on. It knows Keymux by a job with keymux in its name.',
  variables: { instance: 'label_values(up{job=~".*keymux.*"}, instance)' },
  figures: [
    {
      title: 'Processes',
      about: 'Those that answer Prometheus: one for npm start, each service apart.',
      unit: 'short',
      query: `sum(up{job=~".*keymux.*",${here}})`,
    },
    {
      title: 'Alerts',
      about: 'Alerts of deploy/prometheus/keymux-alerts.yml that fire.',
      unit: 'short',
      query: 'count(ALERTS{alertname=~"Keymux.*",alertstate="firing"}) or vector(0)',
      alarm: 1,
    },
    {
      title: 'In spools',
      about: 'Outcomes and log rows that wait for the bus.',
      unit: 'bytes',
      query: `sum(keymux_spool_bytes{${here}})`,
      warn: 10e6,
      alarm: 100e6,
    },
    {
      title: 'Lost lines',
      about: 'Outcomes and log rows that a spool could not take, since each process started.',
      unit: 'short',
      query: `sum(keymux_spool_dropped_lines{${here}})`,
      alarm: 1,
    },
    {
      title: 'Dead letters',
      about:
        'Messages that nobody could handle; GET /api/dead-letters lists them. Kept for 90 days.',
      unit: 'short',
      query: 'max(keymux_dead_letters)',
      warn: 1,
      alarm: 100,
    },
    {
      title: 'Request logs',
      about: 'Bytes that the store has of them.',
      unit: 'bytes',
      query: 'max(keymux_log_bytes)',
    },
  ],
  graphs: {
    Processes: [
      {
        title: 'Processes that answer',
        about: '0 while Prometheus cannot reach one.',
        unit: 'short',
        lines: { '{{job}} {{instance}}': `up{job=~".*keymux.*",${here}}` },
      },
      {
        title: 'Buses',
        about:
          '0 while any process cannot reach NATS or Kafka, or is refused. Empty for npm start, which has no such bus.',
        unit: 'short',
        lines: { '{{bus}}': `min by (bus) (keymux_bus_up{${here}})` },
      },
      {
        title: 'Requests by gateway',
        about: 'Answered requests a second: the load is even where they are alike.',
        unit: 'reqps',
        lines: {
          '{{instance}}': `sum by (instance) (rate(keymux_requests_total{${here}}[$__rate_interval]))`,
        },
        stacked: true,
      },
      {
        title: 'Who has which duty',
        about:
          'Validators that keep the schedule: 1. Gateways that count limits alone: 0 with Redis. Processes that still need the previous encryption key: 0 after a change.',
        unit: 'short',
        lines: {
          'keep the schedule': 'sum(keymux_validator_active)',
          'count limits alone': 'sum(keymux_shared_limits_local)',
          'need the previous key': 'sum(keymux_previous_encryption_key_needed)',
        },
      },
    ],
    'On the way': [
      {
        title: 'Spools',
        about: 'What waits for the bus; SPOOL_LIMIT_BYTES is the most.',
        unit: 'bytes',
        lines: { '{{instance}}': `keymux_spool_bytes{${here}}` },
      },
      {
        title: 'Lost lines',
        about: 'Outcomes and rows that a spool could not take.',
        unit: 'short',
        lines: {
          '{{instance}}': `increase(keymux_spool_dropped_lines{${here}}[$__rate_interval])`,
        },
      },
      {
        title: 'Successes: seen and counted',
        about: 'What gateways see and keymanager counts: alike, but for a moment.',
        unit: 'cps',
        lines: {
          'gateways see': 'sum(rate(keymux_attempts_total{verdict="success"}[$__rate_interval]))',
          'keymanager counts':
            'sum(rate(keymux_key_outcomes_total{kind="success"}[$__rate_interval]))',
        },
      },
      {
        title: 'Dead letters',
        about: 'Those that are kept.',
        unit: 'short',
        lines: { 'dead letters': 'max(keymux_dead_letters)' },
      },
    ],
    'Logs and tasks': [
      {
        title: 'Log rows',
        about:
          'Rows by what became of them: written; duplicate (came again), expired or unreadable ones are not.',
        unit: 'cps',
        lines: { '{{result}}': 'sum by (result) (rate(keymux_log_rows_total[$__rate_interval]))' },
      },
      {
        title: 'Bytes of request logs',
        about: 'It falls when a day is over request_log_retention_days.',
        unit: 'bytes',
        lines: { bytes: 'max(keymux_log_bytes)' },
      },
      {
        title: 'Tasks',
        about: 'Imports and other work on many keys.',
        unit: 'short',
        lines: { '{{state}}': 'max by (state) (keymux_tasks)' },
        stacked: true,
      },
      {
        title: 'Revision of the config',
        about: 'One more with each change of a group, a setting or a proxy key.',
        unit: 'short',
        lines: { revision: 'max(keymux_config_revision)' },
      },
    ],
  },
};
