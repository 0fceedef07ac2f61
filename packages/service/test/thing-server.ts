import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { createAdminAuth } from '../src/admin-auth.ts';
import { createAdminApp, createAdminRouter, type Handlers } from '../src/admin-http.ts';
import { createLogger } from '../src/logger.ts';
import { problem } from '../src/problem.ts';
import { operations } from './thing-operations.ts';

/** The admin API of some things on a real port, with what its handlers saw and its log. */
export interface ThingServer {
  base: string;
  seen: unknown[];
  lines: string[];
  auth: ReturnType<typeof createAdminAuth>;
  /** Resolves when the client of a hanging call went away; undefined while none hangs. */
  aborted(): Promise<void> | undefined;
  stop(): void;
}

/** Starts it; the admin key is `the-admin-key`. */
export async function startThings({ checkResponses = false } = {}): Promise<ThingServer> {
  const seen: unknown[] = [];
  const lines: string[] = [];
  let aborted: Promise<void> | undefined;

  const handlers: Handlers<typeof operations> = {
    async listThings({ query, actor }) {
      seen.push(query, actor);
      return { status: 200, body: { items: [query.limit ?? null] } };
    },
    async createThing({ body, ifMatch, actor }) {
      seen.push(body, actor);
      if (body.name === 'taken')
        return problem('name_taken', { detail: 'there is a taken already' });
      if (ifMatch !== undefined && ifMatch !== 7) return problem('stale_revision');
      return { status: 201, body: { name: body.name }, headers: { location: `/x/${body.name}` } };
    },
    async orderThings({ body }) {
      seen.push(body);
      return { status: 204 };
    },
    async getThing({ params }) {
      return { status: 200, body: { name: params.name } };
    },
    async importThings({ body }) {
      seen.push(body);
      return { status: 200, body: typeof body === 'string' ? 'text' : 'json' };
    },
    async open({ actor }) {
      return { status: 200, body: { actor } };
    },
    async misbehave({ params, res, signal }) {
      if (params.how === 'throw') throw new Error('the secret is sk-abcdefghijklmnop');
      if (params.how === 'away') throw new RangeError('the store is away');
      if (params.how === 'reply') return { status: 200, body: { n: 'x', extra: 1 } };
      if (params.how === 'status') return { status: 299 };
      if (params.how === 'hang') {
        aborted = new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
        await aborted;
        return 'handled';
      }
      res.writeHead(200).write('half');
      throw new Error('in the middle');
    },
  };

  const auth = createAdminAuth({
    authKey: 'the-admin-key',
    clock: { now: () => 1_000_000 },
    sessionTtlMs: 1000,
  });
  const log = createLogger({
    service: 'test',
    level: 'info',
    format: 'json',
    write: (line) => lines.push(line),
  });
  const router = createAdminRouter({
    operations,
    handlers,
    auth,
    log,
    checkResponses,
    maxBodyBytes: 10_000,
    trustedOrigins: ['https://console.example'],
    isPassing: (error) => error instanceof RangeError,
  });
  const server = createServer(createAdminApp([router], { log }));
  return {
    base: await listen(server),
    seen,
    lines,
    auth,
    aborted: () => aborted,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('no port');
      resolve(`http://127.0.0.1:${address.port}`);
    }),
  );
}

/** Headers of an admin, without and with JSON. */
export const admin = { authorization: 'Bearer the-admin-key' };
export const json = { ...admin, 'content-type': 'application/json' };

/** Makes a call and reads its answer. */
export async function call(url: string, init: RequestInit = {}) {
  const response = await fetch(url, { headers: admin, ...init });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
  const body: unknown = isJson ? JSON.parse(text) : text;
  return { status: response.status, headers: response.headers, body };
}

/** Sends a value as JSON, or a text or bytes as they are. */
export function post(url: string, body: unknown, headers: Record<string, string> = json) {
  const plain = typeof body === 'string' || body instanceof Uint8Array;
  return call(url, { method: 'POST', headers, body: plain ? body : JSON.stringify(body) });
}

/** A call with headers that fetch does not let one set: Origin, Sec-Fetch-Site. */
export function rawCall(
  url: string,
  options: { method: string; headers: Record<string, string>; body?: string },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, headers, body } = options;
    const sent = request(url, { method, headers }, (response) => {
      response.resume();
      resolve(response);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
