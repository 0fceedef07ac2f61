import { createServer } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Bus, createInProcessBus, createInProcessCalls } from '@keymux/bus';
import { groupDefaults, type KeyOutcome } from '@keymux/contracts';
import { createKeymanager, openKeyStore } from '@keymux/keymanager';
import { createAdminAuth, createLogger, listen, newId, systemClock } from '@keymux/service';
import { createAdminApp } from '@keymux/service/admin';
import { createVault } from '@keymux/vault';

const authKey = 'bench';

/** A keymanager alone, over SQLite in a folder of its own or over MongoDB, with a clock that is set. */
export async function startKeymanager(mongodbUrl: string | undefined) {
  const dataDir = mkdtempSync(join(tmpdir(), 'keymux-bench-history-'));
  const clock = { nowMs: systemClock.now(), now: () => clock.nowMs };
  const log = createLogger({ service: 'bench', level: 'warn', format: 'text' });
  const bus: Bus = createInProcessBus({
    deadLetters: {
      park: async (_, { id }, reason) => Promise.reject(new Error(`${id} ${reason}`)),
    },
    followerFailed: (error) => log.error({ err: error }, 'a follower failed'),
    redeliveryMs: () => 100,
  });
  const calls = createInProcessCalls();
  const groups = ['main', 'long', 'busy'].map(
    (name) => ({ ...groupDefaults, name, channel: 'openai' }) as const,
  );
  calls.answer('config.rebuild', async () => ({ revision: 1, groups: 3, changed: false }));
  calls.answer('config.snapshot', async () => ({
    revision: 1,
    // Nothing is blacklisted: each failure is an event.
    settings: { values: { blacklist_threshold: 0 }, proxy_keys: [] },
    groups,
  }));
  const vault = createVault('an encryption key for the bench');
  const databasePath = join(dataDir, 'keymux.db');
  const environment = { mongodbUrl, databasePath, dataDir };
  const { keyStore, part } = openKeyStore({ environment, vault, clock, log });
  const auth = createAdminAuth({ authKey, clock, sessionTtlMs: 3_600_000 });
  await part.start();
  const keymanager = createKeymanager({ keyStore, bus, calls, vault, auth, log, clock });
  const server = createServer(createAdminApp([keymanager.router], { log }));
  const listening = await listen(server, { port: 0, host: '127.0.0.1', variable: 'PORT' });
  if (listening.kind === 'problem') throw new Error(listening.message);
  const url = `http://127.0.0.1:${listening.port}`;
  await keymanager.start();
  let batch = 0;

  async function ask(method: string, path: string, body?: string): Promise<unknown> {
    const headers = { authorization: `Bearer ${authKey}`, 'content-type': 'application/json' };
    const init = { method, headers, ...(body === undefined ? {} : { body }) };
    const response = await fetch(`${url}${path}`, init);
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer;
  }

  return {
    clock,
    keyStore,
    ask,
    /** Until a task ended; its result. */
    async ended(task: unknown): Promise<unknown> {
      const id = String(Reflect.get(Object(task), 'id'));
      for (;;) {
        const now = await ask('GET', `/api/tasks/${id}`);
        const state = Reflect.get(Object(now), 'state');
        if (state === 'done') return Reflect.get(Object(now), 'result');
        if (state === 'failed' || state === 'cancelled') throw new Error(JSON.stringify(now));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    /** Resolves when they are stored, and whoever else works in this process had a turn. */
    async hear(group: string, outcomes: readonly KeyOutcome[]): Promise<void> {
      batch += 1;
      const time = new Date(clock.nowMs).toISOString();
      await bus.publish('KEY_OUTCOMES', {
        id: newId(),
        type: 'keymux.key.outcomes',
        version: 1,
        time,
        source: 'bench',
        subject: `key.outcome.${group}`,
        data: { group, producer: 'bench', batch, acked_through: batch - 1, outcomes },
      });
      await nextTurn();
    },
    async close(): Promise<void> {
      await keymanager.stop();
      server.close();
      server.closeAllConnections();
      await bus.close();
      await calls.close();
      await part.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
