import type { Throttle, ThrottlePolicy } from '../throttle.ts';
import { type RedisConnection, script } from './connection.ts';

const tried = script(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local right, window, free = ARGV[1] == 'right', tonumber(ARGV[2]), tonumber(ARGV[3])
local first, longest, freeOfAll = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local own = redis.call('HMGET', KEYS[1], 'count', 'last')
local count, last = tonumber(own[1] or 0), tonumber(own[2] or 0)
local all = redis.call('HMGET', KEYS[2], 'count', 'since')
local countOfAll, since = tonumber(all[1] or 0), tonumber(all[2] or 0)
local wait = 0
if count >= free then wait = last + math.min(first * 2 ^ (count - free), longest) - now end
if countOfAll >= freeOfAll then wait = math.max(wait, since + window - now) end
if wait > 0 then return math.ceil(wait) end
if right then redis.call('DEL', KEYS[1]) return 0 end
if now - last > (count < free and window or longest) then count = 0 end
redis.call('HSET', KEYS[1], 'count', count + 1, 'last', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.max(window, longest) + 1)
if now - since >= window then countOfAll, since = 0, now end
redis.call('HSET', KEYS[2], 'count', countOfAll + 1, 'since', string.format('%.0f', since))
redis.call('PEXPIRE', KEYS[2], window)
return 0`);

/** A throttle over all instances, by the server's clock. */
export function createRedisThrottle({
  connection,
  name,
  policy,
}: {
  readonly connection: RedisConnection;
  readonly name: string;
  readonly policy: ThrottlePolicy;
}): Throttle {
  const { windowMs, freeTries, firstWaitMs, longestWaitMs, freeTriesOfAll } = policy;
  const numbers = [windowMs, freeTries, firstWaitMs, longestWaitMs, freeTriesOfAll];
  return {
    tried: async (who, result) => {
      const keys = [`keymux:{throttle:${name}}:${who}`, `keymux:{throttle:${name}}`];
      return Number(await connection.run(tried, keys, [result, ...numbers]));
    },
  } satisfies Throttle;
}
