import { randomUUID } from 'node:crypto';
import type { Leases } from '../leases.ts';
import { type RedisConnection, script } from './connection.ts';

// The fence is the server's time, so that it grows even when the server has lost its data.
const acquire = script(`
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
local t = redis.call('TIME')
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
local fence = math.max(last + 1, t[1] * 1000 + math.floor(t[2] / 1000))
redis.call('SET', KEYS[2], string.format('%.0f', fence))
return fence`);
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
      const keys = [keyOf(name), `${keyOf(name)}:fence`];
      const fence = Number(await connection.run(acquire, keys, [token, ttlMs]));
      return fence === 0 ? null : { name, token, fence };
    },
    renew: async ({ name, token }, ttlMs) =>
      (await connection.run(renew, [keyOf(name)], [token, ttlMs])) === 1,
    release: async ({ name, token }) => {
      await connection.run(release, [keyOf(name)], [token]);
    },
  } satisfies Leases;
}
