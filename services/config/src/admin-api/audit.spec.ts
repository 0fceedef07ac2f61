import { AuditEntrySchema } from '@keymux/contracts';
import { verifyAudit } from '@keymux/audit';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authKey, type House, newGroup, openHouse } from '../../test/house.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const PageSchema = Type.Object({
  items: Type.Array(AuditEntrySchema),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
  total: Type.Integer(),
});
const page = async (query = '') =>
  Value.Parse(PageSchema, (await house.ask('GET', `/api/audit${query}`)).json);

describe('the audit', () => {
  it('tells who signed in, who failed to, and who changed what', async () => {
    const login = (key: string, ip: string) =>
      house.ask('POST', '/api/auth/login', { auth_key: key }, { 'x-keymux-client-ip': ip });
    await login('a wrong one', '192.0.2.1');
    const signedIn = await login(authKey, '192.0.2.2');
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
    await house.ask('POST', '/api/groups', newGroup('main'));
    await house.ask('POST', '/api/config/revisions/1/restore');
    await house.ask('POST', '/api/auth/logout', undefined, { authorization: '', cookie });
    const { items, total } = await page();
    expect(total).toBe(6);
    expect(items.map(({ type, actor, data }) => [type, actor, data])).toEqual([
      ['LoggedOut', expect.stringMatching(/^session:/), {}],
      ['ConfigRestored', 'key', { revision: 3, change: 'ConfigRestored', subject: 'revision 1' }],
      ['ConfigChanged', 'key', { revision: 2, change: 'GroupCreated', subject: 'main' }],
      ['LoggedIn', expect.stringMatching(/^session:/), { address: '192.0.2.2' }],
      ['LoginFailed', 'anonymous', { address: '192.0.2.1' }],
      ['ConfigChanged', 'system', { revision: 1, change: 'SettingsChanged', subject: 'settings' }],
    ]);
    expect((await house.ask('GET', '/api/audit')).text).not.toContain('a wrong one');
  });

  it('keeps nothing of what was refused', async () => {
    await house.ask('POST', '/api/groups', { ...newGroup('main'), upstreams: [] });
    await house.ask('PATCH', '/api/settings', { max_retries: 1 }, { 'if-match': '"9"' });
    expect((await page()).total).toBe(1);
  });

  it('comes page by page without a gap, and whole also when many write', async () => {
    const names = Array.from({ length: 10 }, (_, n) => `g${n}`);
    await Promise.all(names.map((name) => house.ask('POST', '/api/groups', newGroup(name))));
    await house.restart();
    await house.ask('DELETE', '/api/groups/g1');
    const versions: number[] = [];
    for (let query = '?limit=5'; ;) {
      const { items, next_cursor: next } = await page(query);
      versions.push(...items.map(({ version }) => version));
      if (next === null) break;
      query = `?limit=5&cursor=${next}`;
    }
    expect(versions).toEqual(Array.from({ length: 12 }, (_, n) => 12 - n));
    const [newest] = (await page('?limit=1')).items;
    expect(await verifyAudit(house.store)).toEqual({
      kind: 'whole',
      entries: 12,
      head: newest?.hash,
    });
  });

  it.each(['?cursor=x', '?limit=0', '?limit=1001', '?from=1', '?cursor=-1'])(
    'is refused with %s',
    async (query) => {
      expect((await house.ask('GET', `/api/audit${query}`)).status).toBe(422);
    },
  );
});
