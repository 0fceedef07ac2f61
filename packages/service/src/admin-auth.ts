import { createHmac, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Clock } from './clock.ts';
import { newId } from './ids.ts';

/** How long a session lasts. */
export const sessionTtlMs = 12 * 3_600_000;

const cookieName = 'keymux_session';

/** Who a request is from; `actor` is what events and the audit name. */
export type Identity =
  | { kind: 'admin'; actor: string; via: 'key' }
  | { kind: 'admin'; actor: string; via: 'session'; sessionId: string; expiresAt: number }
  | { kind: 'anonymous' };

/** A session: who has `token` in the cookie is an admin until `expiresAt` (epoch ms). */
export interface Session {
  id: string;
  token: string;
  cookie: string;
  expiresAt: number;
}

/** Tells admins from others. Sessions are signed, not stored: they outlive a restart. */
export interface AdminAuth {
  /** True for the auth key; takes the same time for any other text. */
  checkKey(presented: string): boolean;
  /** Opens a session; `secure` when the browser came over https. */
  issueSession(options?: { secure?: boolean }): Session;
  /** The `set-cookie` value that ends a session in the browser. */
  clearCookie(options?: { secure?: boolean }): string;
  /** Reads the headers, never the URL. A bearer token decides; without one the cookie does. */
  verify(headers: { authorization?: string | undefined; cookie?: string | undefined }): Identity;
  /** Ends a session everywhere; remembered until `until`, the epoch ms at which it would end anyway. */
  revoke(sessionId: string, until: number): void;
  /** The sessions that were revoked and would not have ended by themselves yet. */
  revoked(): readonly { readonly id: string; readonly until: number }[];
  /** How long a session lasts. */
  readonly sessionTtlMs: number;
}

const sessionActor = 'session:';

/** What events and the audit call a session. */
export const actorOfSession = (id: string): string => sessionActor + id;

/** The id of the session that acted under this name; undefined for any other actor. */
export function sessionOfActor(actor: string): string | undefined {
  return actor.startsWith(sessionActor) ? actor.slice(sessionActor.length) : undefined;
}

function readCookie(header: string | undefined): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === cookieName) return value;
  }
  return undefined;
}

/** Makes the judge of who is an admin. Another `authKey` ends every session. */
export function createAdminAuth(options: {
  authKey: string;
  clock: Clock;
  sessionTtlMs: number;
}): AdminAuth {
  const { authKey, clock, sessionTtlMs } = options;
  if (authKey === '') throw new RangeError('the auth key must not be empty');
  const derive = (purpose: string) =>
    createSecretKey(Buffer.from(hkdfSync('sha256', authKey, '', `keymux/admin/${purpose}`, 32)));
  const signing = derive('session');
  const comparing = derive('compare');
  const revoked = new Map<string, number>();

  const sign = (text: string) => createHmac('sha256', signing).update(text).digest('base64url');
  const digest = (text: string) => createHmac('sha256', comparing).update(text).digest();
  const expected = digest(authKey);
  // Digests have one length, so that not even the length of a secret shows in the time this takes.
  const same = (a: string, b: string) => timingSafeEqual(digest(a), digest(b));

  function cookie(value: string, maxAgeMs: number, secure: boolean): string {
    const age = Math.floor(maxAgeMs / 1000);
    const base = `${cookieName}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${age}`;
    return secure ? `${base}; Secure` : base;
  }

  function checkKey(presented: string): boolean {
    return timingSafeEqual(digest(presented), expected);
  }

  function forgetEnded(): void {
    const now = clock.now();
    for (const [id, end] of revoked) if (end <= now) revoked.delete(id);
  }

  function readToken(token: string): Identity {
    const [version, sessionId, expiry, signature, ...rest] = token.split('.');
    const signed = `${version}.${sessionId}.${expiry}`;
    if (version !== 's1' || sessionId === undefined || signature === undefined || rest.length > 0) {
      return { kind: 'anonymous' };
    }
    const expiresAt = Number(expiry);
    if (!same(signature, sign(signed)) || !(expiresAt > clock.now()) || revoked.has(sessionId)) {
      return { kind: 'anonymous' };
    }
    const actor = actorOfSession(sessionId);
    return { kind: 'admin', actor, via: 'session', sessionId, expiresAt };
  }

  return {
    checkKey,
    issueSession({ secure = false } = {}) {
      const id = newId();
      const expiresAt = clock.now() + sessionTtlMs;
      const signed = `s1.${id}.${expiresAt}`;
      const token = `${signed}.${sign(signed)}`;
      return { id, token, expiresAt, cookie: cookie(token, sessionTtlMs, secure) };
    },
    clearCookie: ({ secure = false } = {}) => cookie('', 0, secure),
    verify(headers) {
      const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
      if (bearer !== undefined) {
        return checkKey(bearer)
          ? { kind: 'admin', actor: 'key', via: 'key' }
          : { kind: 'anonymous' };
      }
      const token = readCookie(headers.cookie);
      return token === undefined ? { kind: 'anonymous' } : readToken(token);
    },
    revoke(sessionId, until) {
      forgetEnded();
      if (until > clock.now()) revoked.set(sessionId, until);
    },
    revoked() {
      forgetEnded();
      return Array.from(revoked, ([id, until]) => ({ id, until }));
    },
    sessionTtlMs,
  };
}
