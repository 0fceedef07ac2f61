import {
  type Limits,
  type LimitTimes,
  type Refusal,
  type RunningUse,
  slotTtlMs,
  windowMs,
} from '../limits.ts';
import { type RedisConnection, script } from './connection.ts';

/**
 * Two keys a name: the times of its last uses, newest last, never more of them than the limit; and its running uses
 * with the ends of their slots. The window slides and is exact: the n-th newest use says whether there may be another.
 */
const take = script(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local most, atOnce = tonumber(ARGV[1]), tonumber(ARGV[2])
local use, window, slotTtl = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local waits = {}
for i = 1, #KEYS, 2 do
  local times, slots, wait = KEYS[i], KEYS[i + 1], 0
  if most > 0 then
    local nth = redis.call('LINDEX', times, -most)
    if nth and nth + window > now then wait = nth + window - now end
  end
  if wait == 0 and atOnce > 0 then
    redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
    if redis.call('ZCARD', slots) >= atOnce then wait = -1 end
  end
  waits[#waits + 1] = wait
  if wait == 0 then
    if most > 0 then
      redis.call('RPUSH', times, string.format('%.0f', now))
      redis.call('LTRIM', times, -most, -1)
      redis.call('PEXPIRE', times, window)
    end
    if atOnce > 0 then
      redis.call('ZADD', slots, now + slotTtl, use)
      redis.call('PEXPIRE', slots, slotTtl)
    end
    return waits
  end
end
return waits`);
const keep = script(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[1])`);
const end = script(`return redis.call('ZREM', KEYS[1], ARGV[1])`);

/** Limits over all instances, counted by the server by its own clock. */
export function createRedisLimits({
  connection,
  ...times
}: LimitTimes & { readonly connection: RedisConnection }): Limits {
  const ttlMs = times.slotTtlMs ?? slotTtlMs;
  return {
    take: async ({ space, names, allowance, use }) => {
      const keys = names.flatMap((name) => [timesKey(space, name), slotsKey(space, name)]);
      const { perMinute, atOnce } = allowance;
      const args = [perMinute, atOnce, use, times.windowMs ?? windowMs, ttlMs];
      const waits = await connection.run(take, keys, args);
      if (!Array.isArray(waits)) throw new Error('the answer of Redis is unreadable');
      const refused: Refusal[] = [];
      for (const [at, name] of names.entries()) {
        const wait = Number(waits[at]);
        if (wait === 0) return { granted: name, refused };
        refused.push(
          wait < 0 ? { name, why: 'at-once' } : { name, why: 'per-minute', waitMs: wait },
        );
      }
      return { granted: null, refused };
    },
    keep: async (uses) => {
      const byKey = Map.groupBy(uses, ({ space, name }) => slotsKey(space, name));
      await Promise.all(
        Array.from(byKey, ([key, all]: [string, RunningUse[]]) =>
          connection.run(keep, [key], [ttlMs, ...all.map(({ use }) => use)]),
        ),
      );
    },
    end: async ({ space, name, use }) => {
      await connection.run(end, [slotsKey(space, name)], [use]);
    },
  } satisfies Limits;
}

// What is in braces decides where a cluster keeps a key: all names of a space in one place, for one script.
const timesKey = (space: string, name: string): string => `keymux:{${space}}:${name}:times`;
const slotsKey = (space: string, name: string): string => `keymux:{${space}}:${name}:slots`;
