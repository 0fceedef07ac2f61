import type { Agent, IncomingMessage, ServerResponse } from 'node:http';
import { operations, type ServiceName } from '@keymux/contracts';
import { createMatcher, type Logger, openApiDocument, problem, sendProblem } from '@keymux/service';
import { createProxyServer } from 'http-proxy-3';
import { createReplicaAgent } from './replica-agent.ts';

/** Tells the owning service, which only gateways are told of, where a request came from. */
export const clientIpHeader = 'x-keymux-client-ip';

/** Brings `/api/*` to the service that owns it, by the table of operations. */
export interface ApiForward {
  forward(req: IncomingMessage, res: ServerResponse, sourceIp: string): void;
  close(): void;
}

/** `targets` are asked for each request: a service's addresses may change when it restarts. */
export function createApiForward(deps: {
  readonly targets: (owner: ServiceName) => readonly string[];
  readonly version: string;
  readonly log: Logger;
}): ApiForward {
  const proxy = createProxyServer({ xfwd: false, changeOrigin: false });
  const match = createMatcher(Object.fromEntries(operations.map((each) => [each.id, each])));
  const agents = new Map<ServiceName, Agent>();
  let document: string | undefined;

  function agentOf(owner: ServiceName): Agent {
    const agent = agents.get(owner) ?? createReplicaAgent(() => deps.targets(owner));
    agents.set(owner, agent);
    return agent;
  }

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
      if (deps.targets(owner).length === 0) {
        sendProblem(res, problem('unavailable'));
        return;
      }
      delete req.headers['x-forwarded-for'];
      req.headers[clientIpHeader] = sourceIp;
      // Its agent knows the address.
      const target = `http://${owner}`;
      proxy.web(req, res, { target, agent: agentOf(owner) }, (error) => {
        deps.log.warn({ err: error, owner }, 'the admin API did not answer');
        if (res.headersSent) res.destroy();
        else sendProblem(res, problem('unavailable'));
      });
    },
    close() {
      proxy.close();
      for (const agent of agents.values()) agent.destroy();
    },
  };
}
