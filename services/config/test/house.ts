import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bus, type Calls, createInProcessBus, createInProcessCalls } from '@keymux/bus';
import {
  type ConfigChange,
  ConfigChangeSchema,
  configOperations,
  type Operation,
  ProblemDetailsSchema,
  type SettingValues,
} from '@keymux/contracts';
import { createInProcessCoordination } from '@keymux/coordination';
import { createSqliteEventStore, type EventStore, eventStoreMigrations } from '@keymux/event-store';
import { createAdminAuth, createLogger, migrate, openDatabase } from '@keymux/service';
import { createAdminApp } from '@keymux/service/admin';
import { createVault } from '@keymux/vault';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { type ConfigService, createConfig } from '../src/service.ts';

export const authKey = 'the-admin-key-of-the-tests';
export const encryptionKey = 'the encryption key of the tests';

/** An answer of the admin API; whatever it is, it kept its contract. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
  /** Fields that a problem names. */
  readonly fields: string[];
}

export interface HouseOptions {
  readonly environmentSettings?: Readonly<Partial<SettingValues>>;
  readonly forbidPrivate?: boolean;
  readonly encryptionKey?: string;
}

/** A config service on a database file, among the real bus and calls, behind its front door. */
export interface House {
  readonly config: ConfigService;
  readonly store: EventStore;
  readonly bus: Bus;
  readonly calls: Calls;
  readonly clock: { nowMs: number; now(): number };
  readonly databasePath: string;
  /** What a follower of CONFIG heard since the last start, every message checked against its contract. */
  readonly heard: ConfigChange[];
  readonly lines: string[];
  /** Asks as the admin; `headers` replace those of the same name, an empty one takes it out. */
  ask(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  /** Another process on the same database. */
  restart(options?: HouseOptions): Promise<void>;
  close(): Promise<void>;
}

/** Starts a config service; with a house's `databasePath` it is one more on the same database. */
export async function openHouse(options: HouseOptions = {}): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), 'keymux-config-'));
  const databasePath = join(folder, 'keymux.db');
  const lines: string[] = [];
  const clock = { nowMs: Date.parse('2026-01-01T00:00:00Z'), now: () => clock.nowMs };
  let running = await run(databasePath, { ...options, clock, lines });

  return {
    get config() {
      return running.config;
    },
    get store() {
      return running.store;
    },
    get bus() {
      return running.bus;
    },
    get calls() {
      return running.calls;
    },
    get heard() {
      return running.heard;
    },
    clock,
    databasePath,
    lines,
    ask: (method, path, body, headers = {}) => ask(running.url, { method, path, body, headers }),
    async restart(changed = {}) {
      await running.close();
      running = await run(databasePath, { ...options, ...changed, clock, lines });
    },
    async close() {
      await running.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function run(
  databasePath: string,
  options: HouseOptions & { readonly clock: { now(): number }; readonly lines: string[] },
) {
  const { clock, lines } = options;
  const write = (line: string) => void lines.push(line);
  const log = createLogger({ service: 'config', level: 'debug', format: 'json', write });
  const opened = openDatabase(databasePath);
  if (opened.kind !== 'open') throw new Error(opened.message);
  const { db } = opened;
  const migrated = migrate(db, eventStoreMigrations);
  if (migrated.kind !== 'migrated') throw new Error(migrated.message);
  const store = createSqliteEventStore(db);
  const bus = createInProcessBus({
    deadLetters: { park: async (_stream, _message, reason) => write(`parked: ${reason}`) },
    followerFailed: (error) => write(`a follower failed: ${String(error)}`),
  });
  const calls = createInProcessCalls();
  const heard: ConfigChange[] = [];
  await bus.follow('CONFIG', ({ data }) => void heard.push(Value.Parse(ConfigChangeSchema, data)));
  const config = createConfig({
    store,
    bus,
    calls,
    vault: createVault(options.encryptionKey ?? encryptionKey),
    auth: createAdminAuth({ authKey, clock, sessionTtlMs: 3_600_000 }),
    coordination: createInProcessCoordination({ now: clock.now }),
    log,
    clock,
    environmentSettings: options.environmentSettings ?? {},
    forbidPrivate: options.forbidPrivate ?? false,
  });
  const server: Server = createServer(createAdminApp([config.router], { log }));
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await config.stop();
    await bus.close();
    await calls.close();
    db.close();
  };
  try {
    await config.start();
  } catch (error) {
    await close();
    throw error;
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { config, store, bus, calls, heard, url: `http://127.0.0.1:${port}`, close };
}

async function ask(
  url: string,
  request: {
    readonly method: string;
    readonly path: string;
    readonly body: unknown;
    readonly headers: Readonly<Record<string, string>>;
  },
): Promise<Answer> {
  const { method, path, body } = request;
  const headers = new Headers({ authorization: `Bearer ${authKey}` });
  if (body !== undefined) headers.set('content-type', 'application/json');
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === '') headers.delete(name);
    else headers.set(name, value);
  }
  const sent = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url + path, {
    method,
    headers,
    ...(sent === undefined ? {} : { body: sent }),
  });
  const text = await response.text();
  const json: unknown = text === '' ? undefined : JSON.parse(text);
  const { status } = response;
  checkContract(method, path, { status, json });
  const fields = status < 400 ? [] : fieldsOf(json);
  return { status, headers: response.headers, text, json, fields };
}

function checkContract(
  method: string,
  path: string,
  { status, json }: { readonly status: number; readonly json: unknown },
): void {
  if (status >= 400) {
    Value.Assert(ProblemDetailsSchema, json);
    return;
  }
  const [plain = ''] = path.split('?');
  const schema = operationOf(method, plain)?.responses[status];
  if (schema === undefined) throw new Error(`${method} ${plain} does not declare ${status}`);
  if (typeof schema !== 'string') Value.Assert(schema satisfies TSchema, json);
}

function operationOf(method: string, path: string): Operation | undefined {
  const operations: Operation[] = Object.values(configOperations);
  const fits = operations.filter((each) => {
    const pattern = each.path.replaceAll(/\{\w+\}/g, '[^/]+');
    return each.method === method && new RegExp(`^${pattern}$`).test(path);
  });
  return fits.toSorted((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
}

function fieldsOf(json: unknown): string[] {
  return (Value.Parse(ProblemDetailsSchema, json).errors ?? []).map(({ field }) => field);
}

/** A body that creates a group. */
export function newGroup(name: string, more: object = {}): object {
  return {
    name,
    channel: 'openai',
    upstreams: [{ url: 'https://api.example.com', weight: 1 }],
    ...more,
  };
}
