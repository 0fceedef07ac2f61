import { createHash } from 'node:crypto';
import { globSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import type { Keeper } from './keeper.ts';
import { javaPackage, mavenFolder } from './maven.ts';
import { type Part, startPart } from './part.ts';
import { debianProgram, findProgram, runProgram } from './program.ts';

const version = '1.47.0';
const sources = globSync(fileURLToPath(new URL('./mongo-java-server/*.java', import.meta.url)));

/**
 * A MongoDB for tests; `real` when it is one, and not a server that speaks like it. That one has no `explain`, no
 * credentials, no sessions and no sizes, drops nothing that an index lets expire, and takes any concern for reads and
 * writes without heeding it, as it does a second index of a name. Tests of these ask whether it is `real`.
 */
export interface MongoDbPart {
  readonly part: Part;
  readonly real: boolean;
}

export interface MongoDbOptions {
  /** Keep the data in a file, for tests that kill the server; else in memory where it can be. */
  readonly durable?: boolean;
  /** A folder that outlives the server, which is durable then; a temporary one by default. */
  readonly storeDirectory?: string;
  /** One that says it is older than anything that we work with. */
  readonly old?: boolean;
  readonly keeper?: Keeper;
}

/**
 * A MongoDB: the one that `MONGODB_URL` names, unless the test must own its process; else `mongod`
 * from PATH; else mongo-java-server, which speaks the same on the wire, from Maven Central.
 */
export async function startMongoDb(options: MongoDbOptions = {}): Promise<MongoDbPart> {
  const { storeDirectory, old = false, keeper } = options;
  const durable = options.durable === true || storeDirectory !== undefined;
  const url = process.env['MONGODB_URL'];
  if (url !== undefined && url !== '' && !durable && !old) return named(url);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'keymux-mongodb-'));
  const store = storeDirectory ?? folder;
  mkdirSync(store, { recursive: true });
  const plan = {
    port,
    folder,
    url: `mongodb://127.0.0.1:${port}/keymux`,
    ...(keeper === undefined ? {} : { keeper }),
  };
  const mongod = findProgram('mongod');
  if (mongod !== undefined && !old) {
    const args = ['--dbpath', store, '--port', `${port}`, '--bind_ip', '127.0.0.1'];
    return { part: await startPart({ ...plan, program: mongod, args }), real: true };
  }
  const jars = await mongoJavaServer();
  const classPath = [jars, join(jars, '*')].join(delimiter);
  const file = durable ? [join(store, 'store')] : [];
  const part = await startPart({
    ...plan,
    program: await debianProgram('java', javaPackage),
    args: ['-Xmx2g', `-Dold=${old}`, '-cp', classPath, 'TestServer', `${port}`, ...file],
  });
  return { part, real: false };
}

// Somebody else's server: it is used, and never killed.
function named(url: string): MongoDbPart {
  const refuse = () => Promise.reject(new Error('the server that MONGODB_URL names is not ours'));
  const part = {
    url,
    port: 0,
    pid: 0,
    logs: () => '',
    kill: refuse,
    restart: refuse,
    stop: () => Promise.resolve(),
  };
  return { part, real: true };
}

/** The folder of mongo-java-server with all that it needs, and our starter. */
async function mongoJavaServer(): Promise<string> {
  const compiler = await debianProgram('javac', javaPackage);
  const hash = createHash('sha256');
  for (const source of sources.toSorted()) hash.update(readFileSync(source));
  const starter = hash.digest('hex').slice(0, 8);
  return mavenFolder({
    name: `mongo-java-server-${version}-${starter}`,
    artifacts: ['mongo-java-server', 'mongo-java-server-h2-backend'].map((name) => ({
      group: 'de.bwaldvogel',
      name,
      version,
    })),
    missing: `mongod is missing, and Maven could not get mongo-java-server ${version}: put mongod on PATH, or set MONGODB_URL`,
    more: (folder) => runProgram(compiler, ['-cp', join(folder, '*'), '-d', folder, ...sources]),
  });
}
