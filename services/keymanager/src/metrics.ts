import { createMetricsRegistry } from '@keymux/service';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Heard } from './hear-outcomes.ts';
import type { Roster } from './roster/roster.ts';
import type { TaskStore } from './tasks/task-store.ts';

/** What this service counts. */
export interface KeymanagerMetrics {
  readonly registry: Registry;
  readonly heard: (what: Heard, count: number) => void;
  readonly published: (messages: number) => void;
}

/** Counted where all replicas keep them: each tells all, also of those that another one made. */
const ofStore = 'The same at every replica: take the maximum, not the sum.';

/** Metrics in a registry of their own; keys and tasks are counted when they are asked for. */
export function createKeymanagerMetrics({
  roster,
  tasks,
}: {
  readonly roster: Pick<Roster, 'reader'>;
  readonly tasks: TaskStore;
}): KeymanagerMetrics {
  const registry = createMetricsRegistry({ service: 'keymanager' });
  const registers = [registry];
  new Gauge({
    name: 'keymux_keys',
    help: `Keys by group and state. ${ofStore}`,
    labelNames: ['group', 'state'],
    registers,
    async collect() {
      // A store that does not answer now must not hide the other metrics.
      const groups = await roster.reader.counts().catch(() => ({}));
      this.reset();
      for (const [group, counts] of Object.entries(groups)) {
        for (const [state, keys] of Object.entries(counts)) this.set({ group, state }, keys);
      }
    },
  });
  new Gauge({
    name: 'keymux_tasks',
    help: `Tasks that are not finished, by state. ${ofStore}`,
    labelNames: ['state'],
    registers,
    async collect() {
      for (const state of ['queued', 'running'] as const) {
        this.set({ state }, await tasks.count(state).catch(() => Number.NaN));
      }
    },
  });
  const outcomes = new Counter({
    name: 'keymux_key_outcomes_total',
    help: 'Outcomes that were counted, by kind; duplicate messages apart.',
    labelNames: ['kind'],
    registers,
  });
  const states = new Counter({
    name: 'keymux_key_state_messages_total',
    help: 'Messages about changed keys that gateways were told.',
    registers,
  });
  return {
    registry,
    heard: (kind, count) => outcomes.inc({ kind }, count),
    published: (messages) => states.inc(messages),
  };
}
