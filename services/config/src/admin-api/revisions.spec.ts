import { RevisionSchema } from '@keymux/contracts';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type House, newGroup, openHouse } from '../../test/house.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const PageSchema = Type.Object({
  items: Type.Array(RevisionSchema),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
  total: Type.Integer(),
});
const page = async (query = '') =>
  Value.Parse(PageSchema, (await house.ask('GET', `/api/config/revisions${query}`)).json);

describe('the revisions', () => {
  it('say who changed what and when, newest first', async () => {
    await house.ask('POST', '/api/groups', newGroup('main'));
    house.clock.nowMs += 1_000;
    await house.ask('PATCH', '/api/groups/main', { enabled: false, config: { max_retries: 1 } });
    await house.ask('PUT', '/api/groups/order', { names: ['main'] });
    await house.ask('DELETE', '/api/groups/main');
    const { items, total } = await page();
    expect(total).toBe(4);
    expect(
      items.map(({ revision, actor, type, subject }) => [revision, actor, type, subject]),
    ).toEqual([
      [4, 'key', 'GroupDeleted', 'main'],
      [3, 'key', 'GroupChanged', 'main'],
      [2, 'key', 'GroupCreated', 'main'],
      [1, 'system', 'SettingsChanged', 'settings'],
    ]);
    expect((await house.ask('GET', '/api/config/revisions/3')).json).toEqual({
      ...items[1],
      time: '2026-01-01T00:00:01.000Z',
      diff: [
        { field: 'enabled', before: true, after: false },
        { field: 'config.max_retries', before: null, after: 1 },
      ],
    });
  });

  it('show secrets masked', async () => {
    await house.ask('PATCH', '/api/settings', {
      proxy_keys: 'sk-a-new-key-for-everyone',
      proxy_url: 'http://user:password@proxy.example:3128',
    });
    const { diff } = (await page()).items[0] ?? {};
    expect(diff).toContainEqual(
      expect.objectContaining({ field: 'proxy_keys', after: ['sk-a-n…yone'] }),
    );
    expect(diff).toContainEqual({
      field: 'proxy_url',
      before: null,
      after: 'http://proxy.example:3128',
    });
  });

  it('come page by page without a gap', async () => {
    for (const value of [1, 2, 3, 4]) {
      await house.ask('PATCH', '/api/settings', { max_retries: value });
    }
    const first = await page('?limit=2');
    const second = await page(`?limit=2&cursor=${first.next_cursor}`);
    const third = await page(`?limit=2&cursor=${second.next_cursor}`);
    const numbers = [first, second, third].flatMap(({ items }) => items).map((e) => e.revision);
    expect([numbers, third.next_cursor]).toEqual([[5, 4, 3, 2, 1], null]);
    expect((await page('?cursor=999999')).items).toHaveLength(5);
    expect((await page('?cursor=1')).items).toEqual([]);
  });

  it.each(['?cursor=x', '?cursor=-1', '?cursor=1e3', '?limit=0', '?from=1'])(
    'are refused with %s',
    async (query) => {
      expect((await house.ask('GET', `/api/config/revisions${query}`)).status).toBe(422);
    },
  );

  it.each(['2', '0', '-1', 'x', '99999999999999999999'])('have no number %s', async (number) => {
    expect((await house.ask('GET', `/api/config/revisions/${number}`)).status).toBe(404);
  });
});

describe('the channels', () => {
  it('are listed with their defaults', async () => {
    const { json } = await house.ask('GET', '/api/channels');
    expect(json).toMatchObject({
      items: expect.arrayContaining([
        expect.objectContaining({ name: 'anthropic', base_url: 'https://api.anthropic.com' }),
      ]),
    });
  });
});
