import { once } from 'node:events';
import { startKeymux } from '../product/keymux.ts';
import { startSimulator } from '../provider-simulator/simulator.ts';
import { fill } from './fill.ts';

// A Keymux full of life, to look at: `node e2e/demo/main.ts [size]`. Ends, and forgets all, with Ctrl-C.
const simulator = await startSimulator({ keep: 'counts' });
const keymux = await startKeymux();
const size = Number(process.argv[2] ?? 1);
await fill(keymux, simulator, size);
process.stdout.write(`${keymux.url}\nadmin key ${keymux.authKey}\nproxy key ${keymux.proxyKey}\n`);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await keymux.close();
await simulator.close();
process.exit();
