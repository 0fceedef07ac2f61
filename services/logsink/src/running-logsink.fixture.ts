import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Bus,
  BusUnavailable,
  createInProcessBus,
  createInProcessCalls,
  type Message,
} from '@keymux/bus';
import { type LogRow, messageTypes, settings, subjects } from '@keymux/contracts';
import { createAdminAuth, createLogger, newId } from '@keymux/service';
import { createAdminApp } from '@keymux/service/admin';
import type { LogStore } from './log-store/log-store.ts';
import { textOf } from './log-store/row.fixture.ts';
import { SqliteLogStore } from './log-store/sqlite/sqlite-log-store.ts';
import { LogStoreGone } from './log-store/thread/threaded-log-store.ts';
import { createLogsink, type Logsink } from './service.ts';

const authKey = 'the-admin-key-of-the-tests';

/** A logsink on a real store, among the real bus and calls, behind its front door. */
export interface RunningLogsink {
  readonly logsink: Logsink;
  readonly bus: Bus;
  readonly url: string;
  readonly clock: { nowMs: number; now(): number };
  readonly parked: { stream: string; message: Message; reason: string }[];
  readonly lines: string[];
  /** Writes of the store fail while it is set; while it is `gone`, so do questions, and the bus keeps no dead letters. */
  readonly store: { failing: boolean; gone: boolean; writes: number };
  /** Publishes rows as a gateway does; resolves when they are acknowledged. */
  publish(rows: readonly LogRow[] | string): Promise<void>;
  /** Changes settings as the config service does. */
  set(values: Readonly<Record<string, number>>): Promise<void>;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  stop(): Promise<void>;
}

/** Starts one; rows are written at once unless `intervalMinutes` says otherwise. */
export async function runLogsink({ intervalMinutes = 0 } = {}): Promise<RunningLogsink> {
  const directory = mkdtempSync(join(tmpdir(), 'keymux-logsink-'));
  const state: RunningLogsink['store'] = { failing: false, gone: false, writes: 0 };
  const parked: RunningLogsink['parked'] = [];
  const lines: string[] = [];
  const log = createLogger({
    service: 'logsink',
    level: 'info',
    format: 'json',
    write: (line) => void lines.push(line),
  });
  const clock = { nowMs: Date.parse('2026-03-02T12:00:00Z'), now: () => clock.nowMs };
  const deadLetters = {
    park: async (stream: string, message: Message, reason: string) =>
      void parked.push({ stream, message, reason }),
    list: async () => {
      if (state.gone) throw new BusUnavailable('NATS is away');
      return { items: [], next: null };
    },
    count: () => Promise.resolve(parked.length),
  };
  const bus = createInProcessBus({
    deadLetters,
    followerFailed: (error) => lines.push(`"level":50 a follower failed: ${String(error)}`),
    redeliveryMs: () => 5,
  });
  const calls = createInProcessCalls();
  const defaults = Object.fromEntries(settings.map(({ name, default: value }) => [name, value]));
  const snapshot = {
    values: { ...defaults, request_log_write_interval_minutes: intervalMinutes },
    proxy_keys: [],
  };
  calls.answer('config.snapshot', () =>
    Promise.resolve({ revision: 1, settings: snapshot, groups: [] }),
  );
  calls.answer('keys.counts', () =>
    Promise.resolve({
      groups: {
        main: { active: 3, cooling: 0, blacklisted: 1, disabled: 0 },
        spare: { active: 2, cooling: 1, blacklisted: 0, disabled: 0 },
      },
    }),
  );
  const kept = new SqliteLogStore({ directory, searchMs: 10_000 });
  const logsink = createLogsink({
    store: faulty(kept, state),
    bus,
    calls,
    auth: createAdminAuth({ authKey, clock, sessionTtlMs: 3_600_000 }),
    log,
    clock,
    deadLetters,
  });
  await logsink.start();
  const server = createServer(createAdminApp([logsink.router], { log }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let batch = 0;
  const message = (type: string, subject: string, data: unknown): Message => ({
    id: newId(),
    type,
    version: 1,
    time: new Date(clock.nowMs).toISOString(),
    source: 'test',
    subject,
    data,
  });
  return {
    logsink,
    bus,
    url,
    clock,
    parked,
    lines,
    store: state,
    publish: (rows) => {
      batch += 1;
      const text = typeof rows === 'string' ? rows : textOf(rows);
      const data = {
        group: 'main',
        producer: 'gateway-1',
        batch,
        count: text.split('\n').length,
        rows: text,
      };
      return bus.publish(
        'REQUEST_LOGS',
        message(messageTypes.requestLogs, subjects.requestLog('main'), data),
      );
    },
    set: (values) =>
      bus.publish(
        'CONFIG',
        message(messageTypes.config, subjects.config('settings'), {
          kind: 'settings',
          revision: 2,
          settings: { values: { ...snapshot.values, ...values }, proxy_keys: [] },
        }),
      ),
    get: (path, headers = {}) =>
      fetch(`${url}${path}`, { headers: { authorization: `Bearer ${authKey}`, ...headers } }),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await logsink.stop();
      await bus.close();
      await calls.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function faulty(store: SqliteLogStore, state: RunningLogsink['store']) {
  const write: LogStore['write'] = async (text) => {
    state.writes += 1;
    if (state.failing) throw new Error('the disk is full');
    return store.write(text);
  };
  return {
    open: () => store.open(),
    write,
    find: async (search) => {
      if (state.gone) throw new LogStoreGone('it was ended');
      return store.find(search);
    },
    get: (id) => store.get(id),
    sums: (query) => store.sums(query),
    dropBefore: (timeMs) => store.dropBefore(timeMs),
    sizeBytes: () => store.sizeBytes(),
    close: () => store.close(),
  } satisfies Parameters<typeof createLogsink>[0]['store'];
}
