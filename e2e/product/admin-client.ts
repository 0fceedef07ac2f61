import { setTimeout } from 'node:timers/promises';
import {
  configOperations,
  keymanagerOperations,
  logsinkOperations,
  type GroupPatch,
  type GroupView,
  type KeyView,
  type LogRow,
  type NewGroup,
  type Operation,
  type RawResponse,
  type Task,
} from '@keymux/contracts';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';

/** An answer of the admin API. */
export interface AdminReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON, or undefined. */
  readonly json: unknown;
}

type Success<O extends Operation> = {
  [S in keyof O['responses']]: O['responses'][S] extends RawResponse
    ? string
    : O['responses'][S] extends TSchema
      ? Static<O['responses'][S]>
      : never;
}[keyof O['responses']];

interface Input {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A script's way to the admin API; every answer of a `call` is checked against its contract. */
export interface AdminClient {
  request(
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Readonly<Record<string, string>> },
  ): Promise<AdminReply>;
  /** Carries out one row of the API's table; throws on what is no success or breaks the contract. */
  call<O extends Operation>(operation: O, input?: Input): Promise<Success<O>>;
  addGroup(group: NewGroup): Promise<GroupView>;
  changeGroup(name: string, patch: GroupPatch): Promise<GroupView>;
  changeSettings(patch: Readonly<Record<string, unknown>>): Promise<void>;
  /** Imports keys as text and waits for the end of the task. */
  importKeys(group: string, keys: readonly string[]): Promise<Task>;
  task(id: string): Promise<Task>;
  /** Waits until a task is over. */
  taskEnd(id: string): Promise<Task>;
  keys(group: string, query?: Readonly<Record<string, string>>): Promise<KeyView[]>;
  /** The key of a secret. */
  key(group: string, secret: string): Promise<KeyView>;
  logs(query?: Readonly<Record<string, string>>): Promise<LogRow[]>;
  /** Waits for the row of a request. */
  log(requestId: string): Promise<LogRow>;
}

/** Makes a client that presents the auth key as a bearer token. */
export function createAdminClient(url: string, authKey: string): AdminClient {
  async function request(
    method: string,
    path: string,
    options: { body?: unknown; headers?: Readonly<Record<string, string>> } = {},
  ): Promise<AdminReply> {
    const { body } = options;
    const raw = typeof body === 'string' || body instanceof FormData || body instanceof Blob;
    const reply = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${authKey}`,
        ...(body === undefined || raw ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
      redirect: 'manual',
    });
    const text = await reply.text();
    const isJson = reply.headers.get('content-type')?.includes('json') === true;
    const ndjson = reply.headers.get('content-type')?.includes('ndjson') === true;
    const json: unknown = isJson && !ndjson && text !== '' ? JSON.parse(text) : undefined;
    return { status: reply.status, headers: reply.headers, text, json };
  }

  async function call<O extends Operation>(operation: O, input: Input = {}): Promise<Success<O>> {
    const reply = await request(operation.method, addressOf(operation, input), {
      ...(input.body === undefined ? {} : { body: input.body }),
      ...(input.headers === undefined ? {} : { headers: input.headers }),
    });
    const about = `${operation.method} ${operation.path}`;
    const schema = operation.responses[reply.status];
    if (reply.status >= 300 || schema === undefined) {
      throw new Error(`${about} answered ${reply.status}: ${reply.text.slice(0, 2000)}`);
    }
    return checked<Success<O>>(schema, reply, about);
  }

  async function task(id: string): Promise<Task> {
    return call(keymanagerOperations.getTask, { params: { id } });
  }

  async function taskEnd(id: string): Promise<Task> {
    for (;;) {
      const now = await task(id);
      if (now.state !== 'queued' && now.state !== 'running') return now;
      await setTimeout(25);
    }
  }

  async function logs(query: Readonly<Record<string, string>> = {}): Promise<LogRow[]> {
    const rows: LogRow[] = [];
    let cursor: string | null = null;
    do {
      const list: { items: LogRow[]; next_cursor: string | null } = await call(
        logsinkOperations.listLogs,
        { query: { limit: 1000, ...query, ...(cursor === null ? {} : { cursor }) } },
      );
      rows.push(...list.items);
      cursor = list.next_cursor;
    } while (cursor !== null);
    return rows;
  }

  async function keys(
    group: string,
    query: Readonly<Record<string, string>> = {},
  ): Promise<KeyView[]> {
    const found: KeyView[] = [];
    let cursor: string | null = null;
    do {
      const list: { items: KeyView[]; next_cursor: string | null } = await call(
        keymanagerOperations.listKeys,
        {
          params: { name: group },
          query: { limit: 1000, ...query, ...(cursor === null ? {} : { cursor }) },
        },
      );
      found.push(...list.items);
      cursor = list.next_cursor;
    } while (cursor !== null);
    return found;
  }

  return {
    request,
    call,
    task,
    taskEnd,
    logs,
    keys,
    addGroup: (body) => call(configOperations.createGroup, { body }),
    changeGroup: (name, body) => call(configOperations.changeGroup, { params: { name }, body }),
    async changeSettings(body) {
      await call(configOperations.changeSettings, { body });
    },
    async importKeys(group, secrets) {
      const reply = await request('POST', `/api/groups/${group}/keys`, {
        body: secrets.join('\n'),
        headers: { 'content-type': 'text/plain' },
      });
      if (reply.status !== 202) throw new Error(`import answered ${reply.status}: ${reply.text}`);
      const schema = keymanagerOperations.importKeys.responses[202];
      const end = await taskEnd(checked<Task>(schema, reply, 'import').id);
      if (end.state !== 'done') throw new Error(`import ended ${JSON.stringify(end)}`);
      return end;
    },
    async key(group, secret) {
      const [key, ...others] = await keys(group, { q: secret });
      if (key === undefined || others.length > 0) throw new Error(`no single key ${secret}`);
      return key;
    },
    async log(requestId) {
      const path = `/api/logs/${encodeURIComponent(requestId)}`;
      const deadline = Date.now() + 20_000;
      for (;;) {
        const reply = await request('GET', path);
        if (reply.status === 200) {
          return checked<LogRow>(logsinkOperations.getLog.responses[200], reply, 'log');
        }
        if (reply.status !== 404 || Date.now() > deadline) {
          throw new Error(`no log row of ${requestId}: ${reply.status} ${reply.text}`);
        }
        await setTimeout(50);
      }
    },
  };
}

function addressOf(operation: Operation, input: Input): string {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(input.params?.[name] ?? ''),
  );
  const query = new URLSearchParams(
    Object.entries(input.query ?? {}).map(([name, value]) => [name, String(value)]),
  );
  return query.size === 0 ? path : `${path}?${query}`;
}

function isA<T>(schema: TSchema, value: unknown): value is T {
  return Value.Check(schema, value);
}

function checked<T>(schema: TSchema | string, reply: AdminReply, about: string): T {
  const value: unknown = typeof schema === 'string' ? reply.text : reply.json;
  if (isA<T>(typeof schema === 'string' ? textSchema : schema, value)) return value;
  const errors = typeof schema === 'string' ? [] : Value.Errors(schema, value);
  throw new Error(
    `${about} breaks its contract: ${JSON.stringify(errors)} in ${reply.text.slice(0, 2000)}`,
  );
}
const textSchema: TSchema = { type: 'string' };
