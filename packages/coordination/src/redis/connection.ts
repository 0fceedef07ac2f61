import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { type Logger, StartProblem } from '@keymux/service';
import { Reach } from '../reach.ts';

/** Longest wait for an answer, ms; then each instance goes on by itself. */
const defaultAnswerMs = 500;
/** What a start waits for the first connection, ms. */
const firstConnectionMs = 3_000;
const pingEveryMs = 1_000;
const longestPauseMs = 5_000;

/** A program that the server runs as one step. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** A program in Lua, under the hash that the server knows it by once it has run it. */
export const script = (lua: string): Script => ({
  lua,
  sha: createHash('sha1').update(lua).digest('hex'),
});

/** The one connection of an instance to Redis. */
export interface RedisConnection {
  /** Whether it answers; told by a look each second and by everything that is asked. */
  readonly reached: boolean;
  /** Runs a script; rejects at once while the server is out of reach, and after 500 ms without an answer. */
  run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown>;
  /** Rejects with {@link StartProblem} when the server refuses the credentials; a server that is away is waited for later. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Connects to a server, again and again while it is away, and never repeats a command: what nobody answered may have
 * been done.
 */
export function connectRedis({
  dsn,
  log,
  answerMs = defaultAnswerMs,
}: {
  readonly dsn: string;
  readonly log: Logger;
  readonly answerMs?: number;
}): RedisConnection {
  const redis = new Redis(dsn, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: firstConnectionMs,
    retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 10), longestPauseMs),
    connectionName: 'keymux',
  });
  let lastError: unknown;
  let refused: string | undefined;
  let started = false;
  const firstTry = Promise.withResolvers<void>();
  redis.on('error', (error: unknown) => {
    lastError = error;
    refused ??= refusalOf(error);
    firstTry.resolve();
  });
  redis.on('ready', () => {
    refused = undefined;
    firstTry.resolve();
  });
  const reach = new Reach({
    timeoutMs: answerMs,
    everyMs: pingEveryMs,
    // A write, because a server that is full or a replica answers to a PING as if all were well.
    ping: async () => {
      try {
        await redis.set('keymux:{ping}', '1', 'PX', 1_000);
      } catch (error) {
        throw redis.status === 'ready' ? error : (lastError ?? error);
      }
    },
    changed: (reached, why) => {
      if (reached) {
        log.info('Redis answers: limits, leases and the login throttle are shared');
        return;
      }
      const reason = messageOf(why);
      log.warn(`Redis does not answer (${reason}): this instance counts limits on its own`);
    },
  });

  return {
    get reached() {
      return reach.reached;
    },
    run: ({ lua, sha }, keys, args) =>
      reach.ask(async () => {
        try {
          return await redis.evalsha(sha, keys.length, ...keys, ...args);
        } catch (error) {
          if (!messageOf(error).startsWith('NOSCRIPT')) throw error;
          return redis.eval(lua, keys.length, ...keys, ...args);
        }
      }),
    async start() {
      started = true;
      const timer = setTimeout(() => firstTry.resolve(), firstConnectionMs);
      // Its failure is told by `error`, like that of every later try.
      redis.connect().catch(() => firstTry.resolve());
      await firstTry.promise;
      clearTimeout(timer);
      if (refused !== undefined) throw new StartProblem(`REDIS_DSN: the server says ${refused}`);
      await reach.start(firstConnectionMs);
      if (!reach.reached) {
        log.warn(
          `Redis cannot be reached (${messageOf(lastError ?? 'no answer')}): this instance counts limits on its own until it can`,
        );
      }
    },
    stop() {
      reach.stop();
      if (started) redis.disconnect();
      return Promise.resolve();
    },
  };
}

/** What a server says that will never let this instance in; undefined for what may pass. */
function refusalOf(error: unknown): string | undefined {
  const message = messageOf(error);
  return /^(WRONGPASS|NOAUTH|NOPERM|ERR (invalid password|DB index))/.test(message)
    ? message
    : undefined;
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error);
