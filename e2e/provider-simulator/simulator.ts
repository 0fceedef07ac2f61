import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Socket } from 'node:net';
import { answerAnthropic } from './anthropic.ts';
import type { Answer, HeaderList, Manner } from './answer.ts';
import type { Format } from './errors.ts';
import { answerGemini } from './gemini.ts';
import { closeBody, openHit, type Asked, type Hit } from './hit.ts';
import { answerOpenaiResponse } from './openai-response.ts';
import { serveRealtime, type Realtime } from './realtime.ts';
import { answerOfKeyName, createScripts, type Script } from './scripts.ts';
import { sendAtOnce, sendReply } from './send.ts';

export interface SimulatorOptions {
  /** 0 takes a free one. */
  readonly port?: number;
  /** `counts` keeps only how often each key came: for loads. */
  readonly keep?: 'hits' | 'counts';
  /** Of every streamed answer that no script says otherwise for. */
  readonly betweenChunksMs?: number;
  /** PEM texts: serves https. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A provider that does as it is told, and remembers what it was asked. */
export interface Simulator {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly hits: readonly Hit[];
  /** How often each key was presented since the last `forget`. */
  readonly keyCounts: ReadonlyMap<string, number>;
  readonly realtime: Realtime;
  /** Requests that came and have no end yet. */
  activeRequests(): number;
  openConnections(): number;
  /** Adds a script; the answer takes it away again. */
  script(script: Script): () => void;
  /** Takes all scripts away and forgets all hits. */
  reset(): void;
  /** Forgets hits and counts, keeps scripts. */
  forget(): void;
  /** Refuses new connections and cuts the open ones, as a host that goes down. */
  goDown(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a simulator on the loopback address. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const scripts = createScripts();
  const keep = options.keep ?? 'hits';
  const hits: Hit[] = [];
  const keyCounts = new Map<string, number>();
  const connections = new Set<Socket>();
  let active = 0;
  let numbers = 0;

  function remember(hit: Hit): void {
    if (hit.key !== null) keyCounts.set(hit.key, (keyCounts.get(hit.key) ?? 0) + 1);
    if (keep === 'hits') hits.push(hit);
  }

  const listener: RequestListener = (req, res) => {
    const { hit, asked } = openHit(req, (numbers += 1));
    active += 1;
    remember(hit);
    res.once('close', () => {
      active -= 1;
      hit.endedAt = Date.now();
      hit.answered = res.writableFinished;
      hit.aborted = !res.writableFinished;
    });
    collect(req, (body) => {
      const whole = closeBody(hit, asked, body, keep === 'hits');
      const format = formatOf(whole);
      const scripted = scripts.take(hit) ?? answerOfKeyName(hit.key, format);
      carryOut(res, scripted ?? usual(whole, format, options), () => usual(whole, format, options));
    });
  };

  const server: Server =
    options.tls === undefined
      ? createServer({ keepAliveTimeout: 60_000 }, listener)
      : createTlsServer({ ...options.tls, keepAliveTimeout: 60_000 }, listener);
  server.requestTimeout = 0;
  server.on(options.tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  const realtime = serveRealtime(server, remember, (hit, req, socket) => {
    const scripted = scripts.take(hit) ?? answerOfKeyName(hit.key, 'openai');
    if (scripted === undefined || scripted.kind === 'usual' || !(socket instanceof Socket)) {
      return false;
    }
    const res = new ServerResponse(req);
    res.shouldKeepAlive = false;
    res.assignSocket(socket);
    res.once('finish', () => socket.end());
    carryOut(res, scripted, () => scripted);
    return true;
  });
  const port = await listen(server, options.port ?? 0);

  function forget(): void {
    hits.length = 0;
    keyCounts.clear();
  }

  async function stopListening(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const each of connections) each.destroy();
    await closed;
  }

  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    hits,
    keyCounts,
    realtime,
    activeRequests: () => active,
    openConnections: () => connections.size,
    script: (script) => scripts.add(script),
    reset() {
      scripts.clear();
      forget();
    },
    forget,
    goDown: stopListening,
    comeBack: async () => {
      await listen(server, port);
    },
    async close() {
      realtime.close();
      if (server.listening) await stopListening();
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function collect(req: IncomingMessage, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => done(chunks.length === 1 ? (chunks[0] ?? empty) : Buffer.concat(chunks)));
  req.on('error', () => undefined); // a client that vanished; the response's close tells
}
const empty = Buffer.alloc(0);

function formatOf(asked: Asked): Format {
  if (asked.path.includes('/v1beta/openai/')) return 'gemini-openai';
  // Google's own SDKs ask under /v1/ too; their credential tells.
  if (/\/v1(beta|alpha)\//.test(asked.path) || 'x-goog-api-key' in asked.headers) return 'gemini';
  if (asked.path.includes('/v1/messages') || 'anthropic-version' in asked.headers) {
    return 'anthropic';
  }
  return asked.path.endsWith('/responses') ? 'openai-response' : 'openai';
}

function usual(asked: Asked, format: Format, options: SimulatorOptions): Answer {
  const answer = ofFormat(asked, format);
  return options.betweenChunksMs === undefined || answer.kind !== 'reply'
    ? answer
    : { ...answer, betweenChunksMs: options.betweenChunksMs };
}

function ofFormat(asked: Asked, format: Format): Answer {
  switch (format) {
    case 'openai':
    case 'openai-response':
      return answerOpenaiResponse(asked);
    case 'gemini':
    case 'gemini-openai':
      return answerGemini(asked);
    case 'anthropic':
      return answerAnthropic(asked);
  }
}

function carryOut(res: ServerResponse, answer: Answer, usualAnswer: () => Answer): void {
  switch (answer.kind) {
    case 'reply':
      if (!sendAtOnce(res, answer)) sendReply(res, answer).catch(() => res.destroy());
      return;
    case 'usual': {
      const base = usualAnswer();
      if (base.kind !== 'reply') return;
      const { kind: _kind, headers = [], ...manner } = answer;
      carryOut(res, withManner(base, headers, manner), usualAnswer);
      return;
    }
    case 'hang':
      return;
    case 'reset':
      res.socket?.resetAndDestroy();
      return;
    case 'raw':
      res.socket?.write(answer.bytes);
      if (answer.after === 'close') res.socket?.end();
      return;
  }
}

function withManner(
  base: Extract<Answer, { kind: 'reply' }>,
  headers: HeaderList,
  manner: Manner,
): Answer {
  return { ...base, ...manner, headers: [...base.headers, ...headers] };
}
