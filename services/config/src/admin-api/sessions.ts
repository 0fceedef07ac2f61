import { actorOfSession, cameOverHttps, problem } from '@keymux/service';
import { networkOf } from '../session/network-of.ts';
import type { ConfigHandlers, HandlerDeps } from './handler-deps.ts';

/** Set by the edge on what it forwards: the client's address. The admin server listens on loopback only. */
const clientIpHeader = 'x-keymux-client-ip';

/** Signing in and out. */
export function sessionHandlers({
  audit,
  auth,
  broadcast,
  configLog,
  loginThrottle,
}: HandlerDeps): ConfigHandlers<'login' | 'logout' | 'session'> {
  return {
    login: async ({ body, req }) => {
      const address = String(req.headers[clientIpHeader] ?? req.socket.remoteAddress ?? '');
      const right = auth.checkKey(body.auth_key);
      const waitMs = await loginThrottle.tried(networkOf(address), right ? 'right' : 'wrong');
      if (waitMs > 0) {
        const headers = { 'retry-after': String(Math.ceil(waitMs / 1_000)) };
        return problem('too_many_requests', { detail: 'Too many wrong keys.', headers });
      }
      if (!right) {
        await audit.record({ type: 'LoginFailed', actor: 'anonymous', data: { address } });
        return problem('wrong_auth_key');
      }
      const session = auth.issueSession({ secure: cameOverHttps(req) });
      const actor = actorOfSession(session.id);
      await audit.record({ type: 'LoggedIn', actor, data: { address } });
      return {
        status: 200,
        body: {
          actor,
          expires_at: new Date(session.expiresAt).toISOString(),
        },
        headers: { 'set-cookie': session.cookie },
      };
    },
    logout: async ({ identity, actor, req }) => {
      await audit.record({ type: 'LoggedOut', actor, data: {} });
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
