import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger, refuseStart, type Service, StartProblem } from '@keymux/service';
import { type Db, MongoClient } from 'mongodb';
import { isMongoAway, isRefused } from './failures.ts';

/** A database and the connections to it. */
export interface OpenMongo {
  readonly db: Db;
  close(): Promise<void>;
}

const defaultDatabase = 'keymux';
const firstPauseMs = 500;
const longestPauseMs = 15_000;
const lookMs = 5_000;

/**
 * The MongoDB that `url` names; its database is that of the URL, else `keymux`. The service connects:
 * its start tries a server that does not answer, or is too old, until it is told to stop, and rejects with
 * {@link StartProblem} when the server refuses the credentials. Throws one for a wrong URL.
 */
export function createMongo(deps: { readonly url: string; readonly log: Logger }): {
  readonly db: Db;
  readonly service: Service;
} {
  const { url, log } = deps;
  const client = createClient(url);
  const db = client.db(nameIn(url));

  async function start(stopping?: AbortSignal): Promise<void> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        await client.connect();
        // A server asks for credentials only when it is asked for data.
        await db.listCollections({}, { nameOnly: true }).toArray();
        return;
      } catch (error) {
        log.warn(`MongoDB at ${hostsOf(url)} ${whyNot(error)}; trying again in ${pauseMs} ms`);
      }
      await sleep(pauseMs, undefined, stopping === undefined ? {} : { signal: stopping });
    }
  }

  return { db, service: { name: 'MongoDB', start, stop: () => client.close() } };
}

/** The same; refuses the start when the URL cannot be read. */
export function nameMongo(url: string, log: Logger): ReturnType<typeof createMongo> {
  try {
    return createMongo({ url, log });
  } catch (error) {
    if (error instanceof StartProblem) refuseStart(error.message);
    throw error;
  }
}

/** The same as {@link createMongo}, connected. */
export async function openMongo(deps: {
  readonly url: string;
  readonly log: Logger;
  readonly signal?: AbortSignal;
}): Promise<OpenMongo> {
  const { db, service } = createMongo(deps);
  try {
    await service.start(deps.signal);
  } catch (error) {
    await service.stop();
    throw error;
  }
  return { db, close: () => service.stop() };
}

function createClient(url: string): MongoClient {
  try {
    return new MongoClient(url, {
      // What we were told is written must outlive the server that told it.
      writeConcern: { w: 'majority', journal: true },
      readConcern: { level: 'majority' },
      readPreference: 'primary',
      ...(/serverSelectionTimeoutMS=/i.test(url) ? {} : { serverSelectionTimeoutMS: lookMs }),
      ignoreUndefined: true,
      appName: 'keymux',
    });
  } catch (error) {
    // The driver's messages do not repeat the URL; ours must not either.
    throw new StartProblem(`MONGODB_URL: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
}

// Why the server is of no use yet, in a few words; rethrows what no patience helps with.
function whyNot(error: unknown): string {
  if (isRefused(error) || (error instanceof Error && isRefused(error.cause))) {
    throw new StartProblem('MONGODB_URL: the server refuses the credentials');
  }
  if (error instanceof Error && /wire version/.test(error.message)) {
    return 'is too old: 4.4 or newer is needed';
  }
  if (error instanceof Error && isMongoAway(error)) {
    return `does not answer (${error.message.split('\n')[0]})`;
  }
  throw error;
}

/** The hosts of a URL, without its credentials. */
function hostsOf(url: string): string {
  return /^mongodb(?:\+srv)?:\/\/(?:[^@/]*@)?([^/?]*)/.exec(url)?.[1] ?? 'an unreadable address';
}

function nameIn(url: string): string {
  const name = /^mongodb(?:\+srv)?:\/\/[^/?]+\/([^?]+)/.exec(url)?.[1];
  return name === undefined ? defaultDatabase : decodeURIComponent(name);
}
