import { expect, it } from 'vitest';
import { mergePages } from './metrics-page.ts';

const page = (keys: number) => `# HELP keymux_keys Keys by group and state.
# TYPE keymux_keys gauge
keymux_keys{group="a",state="active"} ${keys}

# HELP process_start_time_seconds Start.
# TYPE process_start_time_seconds gauge
process_start_time_seconds 7
`;

it('describes each metric once and tells the samples of the processes apart', () => {
  const merged = mergePages([
    { instance: 'keymanager-1', text: page(3) },
    { instance: 'keymanager-2', text: page(4) },
    { instance: 'gateway-1', text: '' },
  ]);
  expect(merged).toBe(`# HELP keymux_keys Keys by group and state.
# TYPE keymux_keys gauge
keymux_keys{instance="keymanager-1",group="a",state="active"} 3
keymux_keys{instance="keymanager-2",group="a",state="active"} 4

# HELP process_start_time_seconds Start.
# TYPE process_start_time_seconds gauge
process_start_time_seconds{instance="keymanager-1"} 7
process_start_time_seconds{instance="keymanager-2"} 7
`);
});
