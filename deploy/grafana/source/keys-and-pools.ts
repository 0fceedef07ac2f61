import type { Plan } from './dashboard.ts';

/** Every keymanager tells all keys: the maximum, not the sum. */
const keys = (by: string, more = '') =>
  `sum${by}(max by (group, state) (keymux_keys{group=~"$group"${more}}))`;
/** A group's clients may meet the gateway that can use the fewest. */
const usable = 'min by (group) (keymux_pool_usable_keys{group=~"$group"})';

/** Which keys there are, and what is found out about them. */
export const keysAndPools: Plan = {
  uid: 'keymux-keys',
  title: 'Keymux: keys',
  about:
    'Keys by state, what gateways may use of them, and what is found out about them. What stands in the store is counted once, however many processes tell it.',
  variables: { group: 'label_values(keymux_pool_usable_keys, group)' },
  figures: [
    { title: 'Keys', about: 'Of any state.', unit: 'short', query: keys('') },
    {
      title: 'Usable',
      about: 'Keys that requests may go out with now; of several gateways the lowest.',
      unit: 'short',
      query: `sum(${usable})`,
    },
    {
      title: 'Cooling',
      about: 'They rest for a while, for a model or whole, and come back by themselves.',
      unit: 'short',
      query: `${keys('', ',state="cooling"')} or vector(0)`,
    },
    {
      title: 'Blacklisted',
      about: 'They are probed until they work again.',
      unit: 'short',
      query: `${keys('', ',state="blacklisted"')} or vector(0)`,
    },
    {
      title: 'Groups without a key',
      about: 'Groups of which a gateway can use no key: their clients get 503.',
      unit: 'short',
      query: `count(${usable} == 0) or vector(0)`,
      alarm: 1,
    },
    {
      title: 'Tasks',
      about: 'Imports and other work on many keys that wait or run.',
      unit: 'short',
      query: 'sum(max by (state) (keymux_tasks))',
    },
  ],
  graphs: {
    Pools: [
      {
        title: 'Keys by state',
        about: 'All keys of the chosen groups.',
        unit: 'short',
        lines: { '{{state}}': keys(' by (state) ') },
        stacked: true,
      },
      {
        title: 'Usable keys, by group',
        about: 'Of several gateways the lowest. Watch it fall before it is 0.',
        unit: 'short',
        lines: { '{{group}}': usable },
      },
      {
        title: 'Usable share, by group',
        about: 'Of the keys that nobody disabled. An alert comes below a fifth.',
        unit: 'percentunit',
        lines: {
          '{{group}}': `${usable} / on (group) ${keys(' by (group) ', ',state!="disabled"')}`,
        },
      },
      {
        title: 'Blacklisted keys, by group',
        about: 'Each key says why it is.',
        unit: 'short',
        lines: { '{{group}}': keys(' by (group) ', ',state="blacklisted"') },
      },
    ],
    'What is found out': [
      {
        title: 'Attempts that speak against a key',
        about:
          'Failures that count towards the blacklist, that blacklist at once, or let the key rest. Empty until a provider refuses a key.',
        unit: 'cps',
        lines: {
          '{{group}}: {{verdict}}':
            'sum by (group, verdict) (rate(keymux_attempts_total{group=~"$group",verdict=~"count|blacklist|cooldown"}[$__rate_interval]))',
        },
      },
      {
        title: 'Outcomes that keymanager counts',
        about:
          'Of all groups. As many successes as requests succeed; guard: many keys were refused alike, and none is blamed; duplicate: a message came again and changed nothing.',
        unit: 'cps',
        lines: {
          '{{kind}}': 'sum by (kind) (rate(keymux_key_outcomes_total[$__rate_interval]))',
        },
      },
      {
        title: 'Probes',
        about:
          'Small requests that find out whether a key works again, by what asked for them and what they say. Of all groups. Empty until a key is probed.',
        unit: 'cps',
        lines: {
          '{{trigger}}: {{says}}':
            'sum by (trigger, says) (rate(keymux_probes_total[$__rate_interval]))',
        },
      },
    ],
    'What gateways know': [
      {
        title: 'Changes that a gateway does not know yet',
        about:
          'How far its pool is behind that of the gateway that knows most: 0, but for a moment. One process has nobody to be behind.',
        unit: 'short',
        lines: {
          '{{instance}}: {{group}}':
            'max by (group) (keymux_pool_revision{group=~"$group"}) - on (group) group_right () keymux_pool_revision{group=~"$group"}',
        },
      },
      {
        title: 'Messages about changed keys',
        about: 'From keymanager to all gateways.',
        unit: 'cps',
        lines: { messages: 'sum(rate(keymux_key_state_messages_total[$__rate_interval]))' },
      },
    ],
  },
};
