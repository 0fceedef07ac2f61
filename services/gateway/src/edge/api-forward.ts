import type { IncomingMessage, ServerResponse } from 'node:http';
import { createProxyServer } from 'http-proxy-3';
import type { Logger } from '@keymux/service';

/** Tells the admin server, which listens on loopback only, where a request came from. */
export const clientIpHeader = 'x-keymux-client-ip';

/** Brings `/api/*` to the service that owns it. */
export interface ApiForward {
  forward(req: IncomingMessage, res: ServerResponse, sourceIp: string): void;
  close(): void;
}

/** `target` is asked for each request: the admin server's address may change when it restarts. */
export function createApiForward(deps: {
  readonly target: () => string | null;
  readonly log: Logger;
  readonly unavailable: (res: ServerResponse) => void;
}): ApiForward {
  const proxy = createProxyServer({ xfwd: false, changeOrigin: false });
  return {
    forward(req, res, sourceIp) {
      const target = deps.target();
      if (target === null) {
        deps.unavailable(res);
        return;
      }
      delete req.headers['x-forwarded-for'];
      req.headers[clientIpHeader] = sourceIp;
      proxy.web(req, res, { target }, (error) => {
        deps.log.warn({ err: error }, 'the admin API did not answer');
        if (res.headersSent) res.destroy();
        else deps.unavailable(res);
      });
    },
    close() {
      proxy.close();
    },
  };
}
