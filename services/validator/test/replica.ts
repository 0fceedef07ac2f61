// One of several validators that share a Redis server: a program, so that a spec can kill it.
import { createRedisCoordination } from '@keymux/coordination/redis';
import { createLogger } from '@keymux/service';
import { group, openHouse } from './house.ts';

const [name = '', dsn = '', provider = ''] = process.argv.slice(2);
const log = createLogger({ service: name, level: 'info', format: 'text' });
const coordination = createRedisCoordination({ dsn, log });
await coordination.start();
const upstreams = [{ url: `${provider}/${name}`, weight: 1 }];
const config = { key_validation_concurrency: 1 };
// Enough that it probes as long as it may.
const keys = Array.from({ length: 1_500 }, (_, at) => `sk-key-${name}-${at}`);
await openHouse([group('main', { upstreams, config })], { coordination, due: { main: keys } });
