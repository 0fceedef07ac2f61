import { type CommandStartedEvent, type Db, type Document, MongoClient } from 'mongodb';
import { startMongoDb } from './mongodb.ts';

/** A query as it went to the server. */
export interface AskedQuery {
  readonly collection: string;
  /** What `explain` takes. */
  readonly command: Document;
}

/** A database of its own in a MongoDB, and a look at what is asked of it. */
export interface WatchedMongoDb {
  readonly db: Db;
  /** False for the server that only speaks like one. */
  readonly real: boolean;
  /** The queries that a piece of work makes. */
  queriesOf(work: () => Promise<unknown>): Promise<AskedQuery[]>;
  /**
   * Whether an index answers a query: a real server says how many documents it looked at, which may be a fifth of
   * the collection, and {@link fewDocuments} always. The stand-in has no `explain`: there, whether an index begins
   * with what the query picks or sorts by.
   */
  isIndexed(query: AskedQuery): Promise<boolean>;
  /** Drops the database, too. */
  close(): Promise<void>;
}

/** The parts of a command that say what is asked, by its name. */
const asking: Readonly<Record<string, readonly string[]>> = {
  find: ['filter', 'sort', 'projection', 'limit', 'skip'],
  aggregate: ['pipeline', 'cursor'],
  distinct: ['key', 'query'],
};
const fewDocuments = 20;

/** Starts a MongoDB (see {@link startMongoDb}) and opens a database of that name in it. */
export async function startWatchedMongoDb(name: string): Promise<WatchedMongoDb> {
  const { part, real } = await startMongoDb();
  const client = await MongoClient.connect(part.url, {
    monitorCommands: true,
    ignoreUndefined: true,
  });
  const db = client.db(name);
  return {
    db,
    real,
    queriesOf: async (work) => {
      const asked: AskedQuery[] = [];
      const hear = (event: CommandStartedEvent): void => {
        const query = queryIn(event);
        if (query !== undefined && event.databaseName === name) asked.push(query);
      };
      client.on('commandStarted', hear);
      try {
        await work();
      } finally {
        client.off('commandStarted', hear);
      }
      return asked;
    },
    isIndexed: async ({ collection, command }) => {
      if (!real) {
        const indexes = await db.collection(collection).indexes();
        const fields = fieldsOf(command);
        return indexes.some(({ key }) => fields.includes(Object.keys(key)[0]));
      }
      const explained = await db.command({ explain: command, verbosity: 'executionStats' });
      const all = await db.collection(collection).countDocuments();
      return examinedIn(explained) <= Math.max(fewDocuments, all / 5);
    },
    close: async () => {
      await db.dropDatabase();
      await client.close();
      await part.stop();
    },
  };
}

function queryIn({ commandName, command }: CommandStartedEvent): AskedQuery | undefined {
  const parts = asking[commandName];
  if (parts === undefined) return undefined;
  const kept = [commandName, ...parts].filter((part) => part in command);
  return {
    collection: String(command[commandName]),
    command: Object.fromEntries(kept.map((part) => [part, command[part]])),
  };
}

/** The fields by which a query picks documents, all of them together, and those that it sorts by first. */
function fieldsOf({ filter, query, sort, pipeline }: Document): unknown[] {
  const stages: readonly Document[] = Array.isArray(pipeline) ? pipeline : [];
  const match: unknown = filter ?? query ?? stages[0]?.['$match'];
  // The driver makes a map of what a find sorts by.
  const first: unknown = sort instanceof Map ? sort.keys().next().value : undefined;
  return [...picksOf(match), first];
}

function picksOf(filter: unknown): string[] {
  if (typeof filter !== 'object' || filter === null) return [];
  return Object.entries(filter).flatMap(([name, value]) => {
    if (name === '$and' && Array.isArray(value)) return value.flatMap(picksOf);
    return name.startsWith('$') ? [] : [name];
  });
}

/** The documents that a server looked at, wherever in its explanation it says so. */
function examinedIn(explained: Document): number {
  const found: number[] = [];
  const search = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    for (const [name, value] of Object.entries(part)) {
      if (name === 'totalDocsExamined') found.push(Number(value));
      else search(value);
    }
  };
  search(explained);
  if (found.length === 0)
    throw new Error('the server does not say how many documents it looked at');
  return Math.max(...found);
}
