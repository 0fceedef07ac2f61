import { randomUUID } from 'node:crypto';
import type { Leases } from '../leases.ts';
import { type RedisConnection, script } from './connection.ts';

const acquire = script(`
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
return 0`);
const renew = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`);
const release = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`);

/** Leases over all instances, by the server's clock. */
export function createRedisLeases({
  connection,
}: {
  readonly connection: RedisConnection;
}): Leases {
  const keyOf = (name: string): string => `keymux:{lease:${name}}`;
  return {
    acquire: async (name, ttlMs) => {
      const token = randomUUID();
      const isGiven = (await connection.run(acquire, [keyOf(name)], [token, ttlMs])) === 1;
      return isGiven ? { name, token } : null;
    },
    renew: async ({ name, token }, ttlMs) =>
      (await connection.run(renew, [keyOf(name)], [token, ttlMs])) === 1,
    release: async ({ name, token }) => {
      await connection.run(release, [keyOf(name)], [token]);
    },
  } satisfies Leases;
}
