import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authKey, type House, openHouse } from '../../test/house.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const nobody = { authorization: '' };
const login = (auth_key: unknown, headers: Record<string, string> = {}) =>
  house.ask('POST', '/api/auth/login', { auth_key }, { ...nobody, ...headers });
const from = (address: string) => ({ 'x-keymux-client-ip': address });

describe('a session', () => {
  it('is opened with the auth key, in a cookie that no script can read', async () => {
    const opened = await login(authKey);
    expect(opened.status).toBe(200);
    expect(opened.json).toMatchObject({
      actor: expect.stringMatching(/^session:/),
      expires_at: '2026-01-01T01:00:00.000Z',
    });
    const cookie = opened.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    expect(cookie).not.toContain('Secure');
    const https = await login(authKey, { 'x-forwarded-proto': 'https' });
    expect(https.headers.get('set-cookie')).toContain('; Secure');
  });

  it('acts under its own name, until it ends', async () => {
    const opened = await login(authKey);
    const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
    const who = () => house.ask('GET', '/api/auth/session', undefined, { ...nobody, cookie });
    expect((await who()).json).toEqual(opened.json);
    const body = { max_retries: 1 };
    await house.ask('PATCH', '/api/settings', body, { ...nobody, cookie });
    expect((await house.ask('GET', '/api/config/revisions/2')).json).toMatchObject({
      actor: expect.stringMatching(/^session:/),
    });
    house.clock.nowMs += 3_600_000;
    expect((await who()).status).toBe(401);
  });

  it('is ended for everyone by a logout, and for nobody else', async () => {
    const cookies = await Promise.all([login(authKey), login(authKey)]).then((all) =>
      all.map(({ headers }) => headers.get('set-cookie')?.split(';')[0] ?? ''),
    );
    const as = (method: string, path: string, cookie = '') =>
      house.ask(method, path, undefined, { ...nobody, cookie });
    const out = await as('POST', '/api/auth/logout', cookies[0]);
    expect([out.status, out.text]).toEqual([204, '']);
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await as('GET', '/api/auth/session', cookies[0])).status).toBe(401);
    expect((await as('POST', '/api/auth/logout', cookies[0])).status).toBe(401);
    expect((await as('GET', '/api/auth/session', cookies[1])).status).toBe(200);
    expect(house.heard.at(-1)).toMatchObject({
      kind: 'session-revoked',
      revision: 1,
      until_ms: Date.parse('2026-01-01T01:00:00Z'),
    });
  });

  it('stays ended after a restart, until it would have ended by itself', async () => {
    const cookies = await Promise.all([login(authKey), login(authKey)]).then((all) =>
      all.map(({ headers }) => headers.get('set-cookie')?.split(';')[0] ?? ''),
    );
    const as = (method: string, path: string, cookie = '') =>
      house.ask(method, path, undefined, { ...nobody, cookie });
    await as('POST', '/api/auth/logout', cookies[0]);
    await house.restart();
    expect((await as('GET', '/api/auth/session', cookies[0])).status).toBe(401);
    expect((await as('GET', '/api/auth/session', cookies[1])).status).toBe(200);
    const told = () => house.calls.call('config.ended-sessions', {});
    const until_ms = Date.parse('2026-01-01T01:00:00Z');
    expect(await told()).toEqual({ sessions: [{ id: expect.any(String), until_ms }] });
    house.clock.nowMs = until_ms;
    expect(await told()).toEqual({ sessions: [] });
  });

  it('is not needed by who has the key', async () => {
    expect((await house.ask('GET', '/api/auth/session')).json).toEqual({
      actor: 'key',
      expires_at: null,
    });
    expect((await house.ask('POST', '/api/auth/logout')).status).toBe(204);
  });

  it.each([
    ['nothing', undefined, 415],
    ['no key', {}, 422],
    ['an empty key', { auth_key: '' }, 422],
    ['a key that is no text', { auth_key: 1 }, 422],
    ['a huge key', { auth_key: 'x'.repeat(1_001) }, 422],
    ['more than the key', { auth_key: authKey, remember: true }, 422],
  ])('is not opened with %s', async (_what, body, status) => {
    const refused = await house.ask('POST', '/api/auth/login', body, nobody);
    expect(refused.status).toBe(status);
    expect(refused.headers.get('set-cookie')).toBeNull();
  });
});

describe('who guesses the auth key', () => {
  const guess = async (times: number, address: string) => {
    const statuses: number[] = [];
    for (let each = 0; each < times; each += 1) {
      statuses.push((await login(`guess ${each}`, from(address))).status);
    }
    return statuses;
  };

  it('waits longer with each try, right keys included, and others do not', async () => {
    expect(await guess(6, '192.0.2.1')).toEqual([401, 401, 401, 401, 401, 429]);
    const refused = await login(authKey, from('192.0.2.1'));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2']);
    expect((await login(authKey, from('192.0.2.2'))).status).toBe(200);
    house.clock.nowMs += 2_000;
    expect(await guess(1, '192.0.2.1')).toEqual([401]);
    const longer = await login('again', from('192.0.2.1'));
    expect(longer.headers.get('retry-after')).toBe('4');
    house.clock.nowMs += 4_000;
    expect((await login(authKey, from('192.0.2.1'))).status).toBe(200);
    expect(await guess(5, '192.0.2.1')).toEqual([401, 401, 401, 401, 401]);
  });

  it('gets no more tries by asking in parallel', async () => {
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, at) => login(`guess ${at}`, from('192.0.2.1'))),
    );
    expect(all.filter(({ status }) => status === 401)).toHaveLength(5);
  });

  it('is not quoted in an answer or in the log', async () => {
    const answer = await login('a-guess-that-is-a-secret-elsewhere');
    expect(answer.text + house.lines.join('')).not.toContain('a-guess-that-is');
  });
});
