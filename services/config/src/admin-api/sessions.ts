import { cameOverHttps, problem } from '@keymux/service';
import { LoginThrottle } from '../session/login-throttle.ts';
import type { ConfigHandlers, HandlerDeps } from './handler-deps.ts';

/** Set by the edge on what it forwards: the client's address. The admin server listens on loopback only. */
const clientIpHeader = 'x-keymux-client-ip';

/** Signing in and out. */
export function sessionHandlers({
  auth,
  broadcast,
  clock,
  configLog,
}: HandlerDeps): ConfigHandlers<'login' | 'logout' | 'session'> {
  const throttle = new LoginThrottle();
  return {
    // Nothing is awaited between the look at the throttle and its count: parallel guesses are all counted.
    login: async ({ body, req }) => {
      const address = String(req.headers[clientIpHeader] ?? req.socket.remoteAddress ?? '');
      const waitMs = throttle.waitMs(address, clock.now());
      if (waitMs > 0) {
        const headers = { 'retry-after': String(Math.ceil(waitMs / 1_000)) };
        return problem('too_many_requests', { detail: 'Too many wrong keys.', headers });
      }
      if (!auth.checkKey(body.auth_key)) {
        throttle.failed(address, clock.now());
        return problem('wrong_auth_key');
      }
      throttle.succeeded(address);
      const session = auth.issueSession({ secure: cameOverHttps(req) });
      return {
        status: 200,
        body: {
          actor: `session:${session.id}`,
          expires_at: new Date(session.expiresAt).toISOString(),
        },
        headers: { 'set-cookie': session.cookie },
      };
    },
    logout: async ({ identity, req }) => {
      if (identity.kind === 'admin' && identity.via === 'session') {
        auth.revoke(identity.sessionId, identity.expiresAt);
        broadcast.send({
          kind: 'session-revoked',
          revision: configLog.state.revision,
          session: identity.sessionId,
          until_ms: identity.expiresAt,
        });
      }
      return {
        status: 204,
        headers: { 'set-cookie': auth.clearCookie({ secure: cameOverHttps(req) }) },
      };
    },
    session: async ({ identity, actor }) => ({
      status: 200,
      body: {
        actor,
        expires_at:
          identity.kind === 'admin' && identity.via === 'session'
            ? new Date(identity.expiresAt).toISOString()
            : null,
      },
    }),
  };
}
