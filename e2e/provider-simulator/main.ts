import { parseArgs } from 'node:util';
import { startSimulator } from './simulator.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4010' },
    'chunk-ms': { type: 'string', default: '20' },
  },
});

const simulator = await startSimulator({
  port: Number(values.port),
  keep: 'counts',
  betweenChunksMs: Number(values['chunk-ms']),
});
process.stdout.write(`simulated providers: ${simulator.url}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void simulator.close());
}
