import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAdminAuth } from './admin-auth.ts';

function given({ authKey = 'the-admin-key' } = {}) {
  const clock = { at: 1_000_000, now: () => clock.at };
  return { clock, auth: createAdminAuth({ authKey, clock, sessionTtlMs: 60_000 }) };
}
const cookieOf = (cookie: string) => ({ cookie: `a=b; ${cookie.split(';')[0]}; c=d` });

describe('admin auth', () => {
  it('knows the auth key as a bearer token and nothing like it', () => {
    const { auth } = given();
    expect(auth.verify({ authorization: 'Bearer the-admin-key' })).toEqual({
      kind: 'admin',
      actor: 'key',
      via: 'key',
    });
    expect(auth.verify({ authorization: 'bearer the-admin-key' }).kind).toBe('admin');
    for (const authorization of [
      '',
      'the-admin-key',
      'Bearer',
      'Bearer the-admin-ke',
      'Basic the-admin-key',
    ]) {
      expect(auth.verify({ authorization })).toEqual({ kind: 'anonymous' });
    }
    expect(auth.checkKey('the-admin-key')).toBe(true);
    expect(auth.checkKey('')).toBe(false);
  });

  it('knows a session until it expires', () => {
    const { auth, clock } = given();
    const session = auth.issueSession();
    expect(auth.verify(cookieOf(session.cookie))).toEqual({
      kind: 'admin',
      actor: `session:${session.id}`,
      via: 'session',
      sessionId: session.id,
      expiresAt: 1_060_000,
    });
    clock.at += 60_000;
    expect(auth.verify(cookieOf(session.cookie))).toEqual({ kind: 'anonymous' });
  });

  it('keeps the cookie from scripts, other sites and, behind https, from the open wire', () => {
    const { auth } = given();
    expect(auth.issueSession().cookie).toMatch(
      /^keymux_session=s1\.\S+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=60$/,
    );
    expect(auth.issueSession({ secure: true }).cookie).toMatch(/; Secure$/);
    expect(auth.clearCookie()).toMatch(/^keymux_session=; .*Max-Age=0$/);
  });

  it('lets a wrong bearer token win over a good cookie', () => {
    const { auth } = given();
    const headers = { ...cookieOf(auth.issueSession().cookie), authorization: 'Bearer wrong' };
    expect(auth.verify(headers).kind).toBe('anonymous');
    expect(auth.verify({ ...headers, authorization: 'Basic eDp5' }).kind).toBe('admin');
  });

  it('ends a session that was revoked, and forgets it when it would be over anyway', () => {
    const { auth, clock } = given();
    const one = auth.issueSession();
    const two = auth.issueSession();
    auth.revoke(one.id, one.expiresAt);
    expect(auth.verify(cookieOf(one.cookie)).kind).toBe('anonymous');
    expect(auth.verify(cookieOf(two.cookie)).kind).toBe('admin');
    clock.at += 60_000;
    auth.revoke(two.id, two.expiresAt);
    expect(auth.verify(cookieOf(one.cookie)).kind).toBe('anonymous');
  });

  it('outlives a restart, but not a change of the auth key', () => {
    const session = given().auth.issueSession();
    expect(given().auth.verify(cookieOf(session.cookie)).kind).toBe('admin');
    expect(given({ authKey: 'another' }).auth.verify(cookieOf(session.cookie)).kind).toBe(
      'anonymous',
    );
  });

  it('accepts no token that was changed or made up', () => {
    const { auth } = given();
    const { token } = auth.issueSession();
    const [version, id, expiry, signature] = token.split('.');
    const forged = [
      `${version}.${id}.${Number(expiry) + 1}.${signature}`,
      `${version}.other.${expiry}.${signature}`,
      `${version}.${id}.Infinity.${signature}`,
      `${version}.${id}.${expiry}.`,
      `${version}.${id}.${expiry}`,
      `${token}.more`,
    ];
    for (const each of forged) {
      expect(auth.verify({ cookie: `keymux_session=${each}` }).kind).toBe('anonymous');
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(auth.verify({ cookie: `keymux_session=${text}`, authorization: text }).kind).toBe(
          'anonymous',
        );
      }),
    );
  });
});
