import { createMongoEventStore } from '@keymux/event-store';
import { openMongo } from '@keymux/mongodb';
import { startMongoDb } from '@keymux/parts/mongodb';
import { createLogger, newId } from '@keymux/service';
import { expect, it } from 'vitest';
import { createEmptyCommits } from './empty-commits.ts';

const hourMs = 3_600_000;

it('removes commits without events when they are old, but neither pending ones nor the last', async () => {
  const { part } = await startMongoDb();
  const log = createLogger({ service: 'test', level: 'silent', format: 'json' });
  const mongo = await openMongo({ url: part.url, log });
  const db = mongo.db.client.db(`keymux-test-${newId()}`);
  const commitLog = createMongoEventStore(db).log;
  await commitLog.prepare();
  const { commits } = commitLog;
  const clock = { nowMs: Date.now(), now: () => clock.nowMs };
  const forget = createEmptyCommits({ commits, clock });
  const mark = (name: string) => commitLog.commit({ batch: [], claims: [name] });
  const event = { id: 'e', type: 'T', time: new Date(0).toISOString(), actor: 'a', data: {} };
  const left = async () =>
    (await commits.find().sort({ _id: 1 }).toArray()).map(({ claims }) => claims[0]);

  await forget();
  await mark('one');
  await commitLog.commit({ batch: [{ stream: 's', expectedVersion: 0, events: [event] }] });
  await commitLog.commit({ batch: [], claims: ['two'], about: 'what follows' });
  await mark('three');
  await forget();
  expect(await left()).toEqual(['n one', 'i e', 'n two', 'n three']);

  clock.nowMs += 3 * hourMs;
  await forget();
  expect(await left()).toEqual(['i e', 'n two', 'n three']);
  await mark('four');
  await mark('five');
  await forget();
  expect(await left()).toEqual(['i e', 'n two', 'n five']);

  await db.dropDatabase();
  await mongo.close();
  await part.stop();
}, 120_000);
