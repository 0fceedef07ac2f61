import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bus, type Calls, createInProcessBus, createInProcessCalls } from '@keymux/bus';
import {
  type ConfigChange,
  type GatewayGroup,
  groupDefaults,
  type KeyChecked,
  type KeyFailure,
  type KeyStateChanged,
  KeyStateChangedSchema,
  type KeyView,
  KeyViewSchema,
  messageTypes,
  subjects,
  type Task,
  TaskSchema,
} from '@keymux/contracts';
import { createSqliteEventStore } from '@keymux/event-store';
import {
  type AdminAuth,
  createAdminAuth,
  createLogger,
  listen,
  newId,
  systemClock,
} from '@keymux/service';
import { createAdminApp } from '@keymux/service/admin';
import { createVault, type Vault } from '@keymux/vault';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { expect } from 'vitest';
import { openMigrated } from './roster/sqlite/memory-roster.fixture.ts';
import { createKeymanager, createSqliteKeyStore, type Keymanager } from './service.ts';

const KeysSchema = Type.Object({
  items: Type.Array(KeyViewSchema),
  total: Type.Integer(),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
});
const ProbeSchema = Type.Object({
  group: Type.String(),
  key_id: Type.String(),
  sealed: Type.String(),
});

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
}

/** A keymanager with real parts around it, and a config and a validator that a test plays. */
export interface RunningKeymanager {
  readonly bus: Bus;
  readonly calls: Calls;
  readonly auth: AdminAuth;
  readonly vault: Vault;
  readonly keymanager: Keymanager;
  readonly url: string;
  readonly dataDir: string;
  /** What gateways were told. */
  readonly told: KeyStateChanged[];
  /** Lines of the log from WARN on. */
  readonly lines: string[];
  /** What the validator answers; null when it is not there. */
  probe: ((keyId: string, secret: string) => Promise<Partial<KeyChecked>>) | null;
  addGroup(name: string, more?: Partial<GatewayGroup>): void;
  deleteGroup(name: string): void;
  request(method: string, path: string, body?: unknown, init?: RequestInit): Promise<Answer>;
  /** A page of the keys of a group. */
  list(
    group: string,
    query?: string,
  ): Promise<{ items: KeyView[]; total: number; next: string | null }>;
  /** A bulk action, until it ended. */
  act(group: string, body: object): Promise<Task>;
  /** A group of a new name. */
  newGroup(more?: Partial<GatewayGroup>): string;
  importKeys(group: string, secrets: readonly string[]): Promise<Task>;
  ended(id: string): Promise<Task>;
  task(id: string): Promise<Task>;
  publishOutcomes(group: string, outcomes: readonly unknown[]): Promise<void>;
  /** The audit events about a group. */
  auditOf(group: string): { type: string; actor: string; data: Record<string, unknown> }[];
  /** Ends the service; its data stays for another one to be started on. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Secrets that tell their group, long enough to be masked in the middle. */
export const secretsOf = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `sk-${name}-${String(n).padStart(20, '0')}`);

/** A failure by which a key is dead. */
export const failure = (key_id = '', more: Partial<KeyFailure> = {}): KeyFailure => ({
  kind: 'failure',
  key_id,
  at: new Date().toISOString(),
  verdict: 'blacklist',
  rule: 'billing',
  status: 402,
  message: 'no money',
  upstream: 'https://u',
  model: null,
  until: null,
  request_id: 'r1',
  ...more,
});

/** A group as the config service tells of it. */
export function groupNamed(name: string, more: Partial<GatewayGroup> = {}): GatewayGroup {
  return {
    ...groupDefaults,
    name,
    channel: 'openai',
    ...more,
  };
}

function isBody(
  body: unknown,
): body is string | FormData | Uint8Array<ArrayBuffer> | ReadableStream {
  return (
    typeof body === 'string' ||
    body instanceof FormData ||
    body instanceof Uint8Array ||
    body instanceof ReadableStream
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Text that is not JSON is looked at as text.
    return undefined;
  }
}

/** Starts one; `on` goes on with the data of a stopped one. */
export async function startKeymanager({
  on,
  maxImportBytes,
  encryptionKey = 'an encryption key for tests',
  previousKey,
}: {
  readonly on?: string;
  readonly maxImportBytes?: number;
  readonly encryptionKey?: string;
  readonly previousKey?: string;
} = {}): Promise<RunningKeymanager> {
  const dataDir = on ?? mkdtempSync(join(tmpdir(), 'keymux-keymanager-'));
  const db = openMigrated(join(dataDir, 'keymux.db'));
  const store = createSqliteEventStore(db);
  const lines: string[] = [];
  const log = createLogger({
    service: 'keymanager',
    level: 'warn',
    format: 'json',
    write: (line) => lines.push(line),
  });
  const bus = createInProcessBus({
    deadLetters: {
      park: async (_stream, message, reason) => void lines.push(`${message.id} ${reason}`),
    },
    followerFailed: (error) => lines.push(String(error)),
    redeliveryMs: () => 10,
  });
  const calls = createInProcessCalls();
  const vault = createVault(
    encryptionKey,
    previousKey === undefined ? {} : { previous: previousKey },
  );
  const auth = createAdminAuth({ authKey: 'admin', clock: systemClock, sessionTtlMs: 3_600_000 });
  const groups = new Map<string, GatewayGroup>(
    db
      .prepare('SELECT name FROM pools WHERE closed = 0')
      .all()
      .map((row) => [String(row['name']), groupNamed(String(row['name']))]),
  );
  let revision = 1;
  calls.answer('config.rebuild', async () => ({ revision, groups: groups.size, changed: false }));
  calls.answer('config.snapshot', () =>
    Promise.resolve({
      revision,
      settings: { values: { blacklist_threshold: 3 }, proxy_keys: [] },
      groups: [...groups.values()],
    }),
  );
  const told: KeyStateChanged[] = [];
  await bus.follow('KEY_STATE', ({ data }) => told.push(Value.Parse(KeyStateChangedSchema, data)));
  const keymanager = createKeymanager({
    keyStore: createSqliteKeyStore({ db, events: store, vault, clock: systemClock, dataDir }),
    bus,
    calls,
    vault,
    auth,
    log,
    clock: systemClock,
    ...(maxImportBytes === undefined ? {} : { maxImportBytes }),
  });
  const server: Server = createServer(createAdminApp([keymanager.router], { log }));
  const listening = await listen(server, { port: 0, host: '127.0.0.1', variable: 'PORT' });
  if (listening.kind === 'problem') throw new Error(listening.message);
  const url = `http://127.0.0.1:${listening.port}`;
  await keymanager.start();

  const envelope = (type: string, subject: string, data: unknown) => ({
    id: newId(),
    type,
    version: 1,
    time: new Date().toISOString(),
    source: 'test',
    subject,
    data,
  });
  const changeConfig = (change: ConfigChange): void => {
    const message = envelope(messageTypes.config, subjects.config(change.kind), change);
    void bus.publish('CONFIG', message);
  };
  let batch = 0;
  let stopped = false;
  const running: RunningKeymanager = {
    bus,
    calls,
    auth,
    vault,
    keymanager,
    url,
    dataDir,
    told,
    lines,
    probe: null,
    addGroup(name, more = {}) {
      const group = groupNamed(name, more);
      groups.set(name, group);
      changeConfig({ kind: 'group', revision: (revision += 1), group });
    },
    deleteGroup(name) {
      groups.delete(name);
      changeConfig({ kind: 'group-deleted', revision: (revision += 1), name });
    },
    async request(method, path, body, init = {}) {
      const plain = body === undefined || isBody(body);
      const headers = new Headers(init.headers);
      if (!headers.has('authorization')) headers.set('authorization', 'Bearer admin');
      if (!plain && !headers.has('content-type')) headers.set('content-type', 'application/json');
      const response = await fetch(`${url}${path}`, {
        ...init,
        method,
        headers,
        ...(body === undefined ? {} : { body: isBody(body) ? body : JSON.stringify(body) }),
        ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, body: parse(text) };
    },
    async list(group, query = '') {
      const answer = await running.request('GET', `/api/groups/${group}/keys${query}`);
      expect(answer.status, answer.text).toBe(200);
      const { items, total, next_cursor: next } = Value.Parse(KeysSchema, answer.body);
      return { items, total, next };
    },
    async act(group, body) {
      const answer = await running.request('POST', `/api/groups/${group}/keys/actions`, body);
      expect(answer.status, answer.text).toBe(202);
      return running.ended(Value.Parse(TaskSchema, answer.body).id);
    },
    newGroup(more = {}) {
      const name = `g${groups.size + revision}`;
      running.addGroup(name, more);
      return name;
    },
    async importKeys(group, secrets) {
      const path = `/api/groups/${group}/keys`;
      const answer = await running.request('POST', path, { keys: secrets });
      expect(answer.status, answer.text).toBe(202);
      return running.ended(Value.Parse(TaskSchema, answer.body).id);
    },
    async task(id) {
      const answer = await running.request('GET', `/api/tasks/${id}`);
      expect(answer.status, answer.text).toBe(200);
      return Value.Parse(TaskSchema, answer.body);
    },
    async ended(id) {
      const over = ['done', 'failed', 'cancelled'];
      await expect
        .poll(async () => over.includes((await running.task(id)).state), { timeout: 60_000 })
        .toBe(true);
      return running.task(id);
    },
    publishOutcomes(group, outcomes) {
      batch += 1;
      const data = { group, producer: newId(), batch, acked_through: 0, outcomes };
      const message = envelope(messageTypes.keyOutcomes, subjects.keyOutcome(group), data);
      return bus.publish('KEY_OUTCOMES', message);
    },
    auditOf: (group) =>
      db
        .prepare("SELECT type, actor, data FROM events WHERE stream = 'audit' ORDER BY version")
        .all()
        .map((row) => ({
          type: String(row['type']),
          actor: String(row['actor']),
          data: { ...Object(JSON.parse(String(row['data']))) },
        }))
        .filter((event) => event.data['group'] === group),
    async stop() {
      if (stopped) return;
      stopped = true;
      await keymanager.stop();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await bus.close();
      await calls.close();
      db.close();
    },
    async close() {
      await running.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  calls.answer('validator.probe', async (request) => {
    const { group, key_id, sealed } = Value.Parse(ProbeSchema, request);
    if (running.probe === null) throw new Error('no probes in this test');
    const said = await running.probe(key_id, vault.open(sealed));
    const at = new Date().toISOString();
    return { group, key_id, at, ok: true, status: 200, message: 'ok', ms: 1, ...said };
  });
  return running;
}
