import type { IncomingMessage, ServerResponse } from 'node:http';
import { operations, type ServiceName } from '@keymux/contracts';
import { createMatcher, type Logger, openApiDocument, problem, sendProblem } from '@keymux/service';
import { createProxyServer } from 'http-proxy-3';

/** Tells the owning service, which only gateways are told of, where a request came from. */
export const clientIpHeader = 'x-keymux-client-ip';

/** Brings `/api/*` to the service that owns it, by the table of operations. */
export interface ApiForward {
  forward(req: IncomingMessage, res: ServerResponse, sourceIp: string): void;
  close(): void;
}

/** `target` is asked for each request: a service's address may change when it restarts. */
export function createApiForward(deps: {
  readonly target: (owner: ServiceName) => string | null;
  readonly version: string;
  readonly log: Logger;
}): ApiForward {
  const proxy = createProxyServer({ xfwd: false, changeOrigin: false });
  const match = createMatcher(Object.fromEntries(operations.map((each) => [each.id, each])));
  let document: string | undefined;

  function ownerOf(path: string): ServiceName | null {
    const asked = match('GET', path);
    const found = asked.kind === 'method' ? match(asked.allow[0] ?? 'GET', path) : asked;
    if (found.kind === 'operation') return found.operation.owner;
    // Any service says what is wrong with a malformed path.
    return found.kind === 'malformed' ? 'config' : null;
  }

  function describe(req: IncomingMessage, res: ServerResponse): void {
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      sendProblem(res, problem('method_not_allowed', { headers: { allow: 'GET, HEAD' } }));
      return;
    }
    document ??= JSON.stringify(openApiDocument(operations, { version: deps.version }));
    res.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
    res.end(req.method === 'HEAD' ? undefined : document);
  }

  return {
    forward(req, res, sourceIp) {
      const owner = ownerOf((req.url ?? '/').split('?', 1)[0] ?? '/');
      if (owner === null) {
        sendProblem(res, problem('not_found'));
        return;
      }
      if (owner === 'edge') {
        describe(req, res);
        return;
      }
      const target = deps.target(owner);
      if (target === null) {
        sendProblem(res, problem('unavailable'));
        return;
      }
      delete req.headers['x-forwarded-for'];
      req.headers[clientIpHeader] = sourceIp;
      proxy.web(req, res, { target }, (error) => {
        deps.log.warn({ err: error, owner }, 'the admin API did not answer');
        if (res.headersSent) res.destroy();
        else sendProblem(res, problem('unavailable'));
      });
    },
    close() {
      proxy.close();
    },
  };
}
