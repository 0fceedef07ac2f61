import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { newId, problem, sendProblem, type Logger } from '@keymux/service';
import type { Proxy } from '../proxy/proxy.ts';
import { requestIdHeader } from '../proxy/headers/response-headers.ts';
import type { TrustedProxies } from '../proxy/headers/source-ip.ts';
import type { Upgrades } from '../proxy/upgrade/upgrade.ts';
import type { ApiForward } from './api-forward.ts';
import type { ConsoleFiles } from './console-files.ts';
import { corsHeaders, type CorsRules, preflightHeaders } from './cors.ts';
import { homePage } from './home-page.ts';

export interface EdgeDeps {
  readonly proxy: Proxy;
  readonly upgrades: Upgrades;
  readonly api: ApiForward;
  readonly cors: CorsRules;
  readonly trusted: TrustedProxies;
  /** Null while the console is not built: a plain page stands at `/` then. */
  readonly consoleFiles: ConsoleFiles | null;
  readonly readiness: () => { ready: boolean; reasons: Record<string, string> };
  readonly log: Logger;
  readonly readTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

/** Longest body of an admin call, in bytes; imports of keys are streamed and have their own limit. */
const maxApiBodyBytes = 1024 * 1024;
const keyImport = /^\/api\/groups\/[^/]+\/keys$/;

/** The one port: the data plane, the admin API, health, and the page at `/`. */
export function createEdge(deps: EdgeDeps): Server {
  const { proxy, upgrades, api, consoleFiles, cors, log } = deps;
  const server = createServer({
    requestTimeout: deps.readTimeoutMs,
    headersTimeout: deps.readTimeoutMs,
    keepAliveTimeout: deps.idleTimeoutMs,
    maxHeaderSize: 64 * 1024,
    shouldUpgradeCallback: asksForWebSocket,
  });
  server.on('request', (req: IncomingMessage, res: ServerResponse) => {
    try {
      route(req, res);
    } catch (error) {
      log.error({ err: error }, 'a request failed');
      if (res.headersSent) res.destroy();
      else sendProblem(res, problem('internal'));
    }
  });
  server.on('upgrade', (req, socket, head) => {
    if (req.url?.startsWith('/proxy/')) upgrades.handle(req, socket, head);
    else socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });

  function route(req: IncomingMessage, res: ServerResponse): void {
    const url = req.url ?? '/';
    const origin = req.headers.origin;
    const preflight = cors.enabled
      ? preflightHeaders(cors, {
          method: req.method,
          origin,
          requestedMethod: req.headers['access-control-request-method'],
          requestedHeaders: req.headers['access-control-request-headers'],
        })
      : null;
    if (preflight !== null) {
      res.writeHead(204, preflight);
      res.end();
      return;
    }
    const allowed = corsHeaders(cors, origin);
    if (url.startsWith('/proxy/')) {
      proxy.handle(req, res, allowed);
      return;
    }
    const id = newId();
    res.setHeader(requestIdHeader, id);
    for (let at = 0; at + 1 < allowed.length; at += 2) {
      res.setHeader(allowed[at] ?? '', allowed[at + 1] ?? '');
    }
    const path = url.split('?', 1)[0] ?? '/';
    if (path === '/api' || path.startsWith('/api/')) {
      // Refused here: the admin server would answer and close while the body is still on its way.
      if (Number(req.headers['content-length'] ?? 0) > maxApiBodyBytes && !keyImport.test(path)) {
        sendProblem(res, problem('payload_too_large'));
        req.resume();
        return;
      }
      req.headers[requestIdHeader] = id;
      const peer = req.socket.remoteAddress ?? '';
      const forwardedFor = req.headers['x-forwarded-for'];
      const hops = Array.isArray(forwardedFor) ? forwardedFor.join(',') : (forwardedFor ?? null);
      api.forward(req, res, deps.trusted.sourceIp(peer, hops));
      return;
    }
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      sendProblem(res, problem(path in pages || path === '/' ? 'method_not_allowed' : 'not_found'));
      return;
    }
    const page = pages[path];
    if (page !== undefined) page(res);
    else if (path === '/proxy' || consoleFiles?.answer(req, res, path) !== true) {
      if (path === '/' && consoleFiles === null) sendHomePage(res);
      else sendProblem(res, problem('not_found'));
    }
  }

  const pages: Readonly<Record<string, (res: ServerResponse) => void>> = {
    '/healthz': (res) => sendJson(res, 200, { status: 'ok' }),
    '/readyz': (res) => {
      const { ready, reasons } = deps.readiness();
      sendJson(res, ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', reasons });
    },
  };
  return server;
}

/**
 * Clients offer HTTP/2 with an `upgrade: h2c` on ordinary requests, Java's by default. A server may
 * pass over an offer (RFC 9110 7.8); taking it for a WebSocket would lose the request's body.
 */
function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && /(?:^|,)\s*websocket\s*(?:,|$)/i.test(headers.upgrade ?? '');
}

function sendHomePage(res: ServerResponse): void {
  res.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
  });
  res.end(homePage);
}

function sendJson(res: ServerResponse, status: number, value: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  res.end(JSON.stringify(value));
}
