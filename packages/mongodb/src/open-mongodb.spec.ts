import { createServer } from 'node:net';
import { startMongoDb } from '@keymux/parts/mongodb';
import { createLogger, newId, StartProblem } from '@keymux/service';
import { MongoBulkWriteError, MongoNetworkError, MongoServerError } from 'mongodb';
import { expect, it } from 'vitest';
import { isMongoAway, isRefused, onlyDuplicateKeys } from './failures.ts';
import { openMongo } from './open-mongodb.ts';

function capture() {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  return { lines, log: createLogger({ service: 'test', level: 'warn', format: 'json', write }) };
}

it('refuses an address that it cannot read, without repeating it', async () => {
  const { log } = capture();
  for (const url of [
    'mongodb://',
    'mongodb://u:hunter2@h/?w=nonsense&x=1',
    'mongodb://u:hunter2@',
  ]) {
    const opening = openMongo({ url, log });
    await expect(opening).rejects.toThrow(StartProblem);
    await expect(opening).rejects.toThrow(/^MONGODB_URL: /);
    await expect(opening).rejects.not.toThrow(/hunter2/);
  }
});

it('tries a server that is away until it is told to stop, in one line each, without credentials', async () => {
  const { log, lines } = capture();
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const ending = new AbortController();
  const url = `mongodb://u:hunter2@127.0.0.1:${port}/x?serverSelectionTimeoutMS=100`;
  const opening = openMongo({ url, log, signal: ending.signal });
  await expect.poll(() => lines.length, { timeout: 30_000 }).toBeGreaterThan(1);
  ending.abort();
  await expect(opening).rejects.toThrow(/abort/);
  expect(lines.join('')).toContain(`MongoDB at 127.0.0.1:${port} does not answer`);
  expect(lines.join('')).not.toContain('hunter2');
  server.close();
}, 60_000);

it('tries a server that is too old again and again, in one line each that says what is needed', async () => {
  const { log, lines } = capture();
  const { part } = await startMongoDb({ old: true });
  const ending = new AbortController();
  const opening = openMongo({ url: part.url, log, signal: ending.signal });
  await expect.poll(() => lines.length, { timeout: 30_000 }).toBeGreaterThan(1);
  ending.abort();
  await expect(opening).rejects.toThrow(/abort/);
  const said = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  const problem = `MongoDB at 127.0.0.1:${part.port} is too old: 4.4 or newer is needed`;
  expect(said.slice(0, 2)).toEqual([
    `${problem}; trying again in 500 ms`,
    `${problem}; trying again in 1000 ms`,
  ]);
  expect(lines.join('')).not.toContain('"stack"');
  await part.stop();
}, 120_000);

it('ends the start when credentials are refused; the stand-in knows no way to give them', async () => {
  const { log, lines } = capture();
  const { part, real } = await startMongoDb();
  const url = new URL(part.url);
  [url.username, url.password] = ['nobody', 'hunter2'];
  const opening = openMongo({ url: url.href, log });
  const why = real
    ? new StartProblem('MONGODB_URL: the server refuses the credentials')
    : /no such command: 'saslStart'/;
  await expect(opening).rejects.toThrow(why);
  expect(lines.join('')).not.toContain('hunter2');
  await part.stop();
  const refusal = (code: number) =>
    new MongoServerError({ code, errmsg: 'Authentication failed.' });
  expect([isRefused(refusal(18)), isRefused(refusal(11_000))]).toEqual([true, false]);
}, 120_000);

it('asks for writes in the journals of a majority; the stand-in heeds no such wish', async () => {
  const { log } = capture();
  const { part, real } = await startMongoDb();
  const mongo = await openMongo({ url: part.url, log });
  const db = mongo.db.client.db(`keymux-test-${newId()}`);
  const things = db.collection<{ _id: string }>('things');
  expect(things.writeConcern).toMatchObject({ w: 'majority', journal: true });
  expect(things.readConcern).toMatchObject({ level: 'majority' });
  await things.insertOne({ _id: 'a' });
  expect(await things.findOne()).toEqual({ _id: 'a' });
  // More than any set of replicas has.
  const answer = await things
    .insertOne({ _id: 'b' }, { writeConcern: { w: 40, wtimeoutMS: 500 } })
    .catch((error: unknown) => error);
  if (real) expect(answer).toBeInstanceOf(MongoServerError);
  else expect(answer).toMatchObject({ acknowledged: true });
  await db.dropDatabase();
  await mongo.close();
  await part.stop();
}, 120_000);

it('tells a server that went away from an answer that was a refusal', async () => {
  const { log } = capture();
  const { part } = await startMongoDb({ durable: true });
  const mongo = await openMongo({ url: `${part.url}?serverSelectionTimeoutMS=200`, log });
  const things = mongo.db.collection<{ _id: string }>('things');
  await things.insertOne({ _id: 'a' });
  const again = await things.insertOne({ _id: 'a' }).catch((error: unknown) => error);
  expect([onlyDuplicateKeys(again), isMongoAway(again)]).toEqual([true, false]);
  await part.kill('SIGKILL');
  const gone = await things.insertOne({ _id: 'b' }).catch((error: unknown) => error);
  expect([onlyDuplicateKeys(gone), isMongoAway(gone)]).toEqual([false, true]);
  await part.restart();
  await expect.poll(() => things.countDocuments().catch(() => -1), { timeout: 30_000 }).toBe(1);
  await mongo.close();
  await part.stop();
}, 120_000);

it('tells a server that does not answer any more from an answer', async () => {
  const { log } = capture();
  const { part } = await startMongoDb({ durable: true });
  const patience = 'connectTimeoutMS=500&heartbeatFrequencyMS=500&serverSelectionTimeoutMS=500';
  const mongo = await openMongo({ url: `${part.url}?${patience}&retryWrites=false`, log });
  const things = mongo.db.collection<{ _id: string }>('things');
  await things.insertOne({ _id: 'a' });
  await part.kill('SIGSTOP');
  const insert = { insertOne: { document: { _id: 'b' } } };
  // The driver's watch over the server cuts it off.
  const gone = await things.bulkWrite([insert]).catch((error: unknown) => error);
  expect(String(gone)).toContain('interrupted due to server monitor timeout');
  expect([onlyDuplicateKeys(gone), isMongoAway(gone)]).toEqual([false, true]);
  await part.kill('SIGCONT');
  await mongo.close();
  await part.stop();
}, 120_000);

it('takes a bulk write that the network cut off for one that was not done', () => {
  const cut = new MongoNetworkError('read ECONNRESET');
  // As the driver wraps it.
  const error: unknown = Reflect.construct(MongoBulkWriteError, [cut, {}]);
  expect([onlyDuplicateKeys(error), isMongoAway(error)]).toEqual([false, true]);
});
