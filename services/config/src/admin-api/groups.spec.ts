import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type House, newGroup, openHouse } from '../../test/house.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse({ environmentSettings: { max_retries: 7 } });
});
afterEach(() => house.close());

const PageSchema = Type.Object({
  items: Type.Array(Type.Object({ name: Type.String() })),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
  total: Type.Integer(),
});
const create = (name: string, more: object = {}) =>
  house.ask('POST', '/api/groups', newGroup(name, more));
const patch = (name: string, body: unknown, headers: Record<string, string> = {}) =>
  house.ask('PATCH', `/api/groups/${name}`, body, headers);
const revisionNow = async () => (await house.ask('GET', '/api/config/revisions?limit=1')).json;

describe('a group', () => {
  it('is created with a location, an etag and the layer of each effective value', async () => {
    await house.ask('PATCH', '/api/settings', { connect_timeout: 3 });
    const created = await create('main', { config: { blacklist_threshold: 0 } });
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe('/api/groups/main');
    expect(created.headers.get('etag')).toBe('"3"');
    expect(created.json).toMatchObject({
      revision: 3,
      created_at: '2026-01-01T00:00:00.000Z',
      endpoint: expect.stringMatching(/^http:.+\/proxy\/main$/),
      effective_config: {
        blacklist_threshold: { value: 0, source: 'group' },
        connect_timeout: { value: 3, source: 'system' },
        max_retries: { value: 7, source: 'environment' },
        request_timeout: { value: 600, source: 'default' },
      },
    });
    const read = await house.ask('GET', '/api/groups/main');
    expect([read.json, read.headers.get('etag')]).toEqual([created.json, '"3"']);
  });

  it('shows the endpoint where the request came to, until the address of Keymux is set', async () => {
    await create('main');
    const seen = async (headers: Record<string, string>) => {
      const { json } = await house.ask('GET', '/api/groups/main', undefined, headers);
      return Value.Parse(Type.Object({ endpoint: Type.String() }), json).endpoint;
    };
    expect(await seen({})).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/proxy\/main$/);
    const behind = { 'x-forwarded-host': 'keys.example', 'x-forwarded-proto': 'https' };
    expect(await seen(behind)).toBe('https://keys.example/proxy/main');
    expect(await seen({ 'x-forwarded-host': 'no host/at all' })).toBe(
      'http://localhost:3001/proxy/main',
    );
  });

  it('shows the endpoint at the address of Keymux, without a doubled slash', async () => {
    await house.ask('PATCH', '/api/settings', { app_url: 'https://keymux.example/base/' });
    expect((await create('main')).json).toMatchObject({
      endpoint: 'https://keymux.example/base/proxy/main',
    });
  });

  it('gives its proxy keys and its proxy to admins as they were given', async () => {
    const proxy_url = 'http://user:pass@proxy:3128';
    await create('main', { proxy_keys: ['pk-one', 'pk-two'], config: { proxy_url } });
    expect((await house.ask('GET', '/api/groups/main')).json).toMatchObject({
      proxy_keys: ['pk-one', 'pk-two'],
      config: { proxy_url },
      effective_config: { proxy_url: { value: proxy_url, source: 'group' } },
    });
  });

  it.each([
    ['no body', undefined, 415],
    ['no JSON', '{"name":', 400],
    ['no object', '[]', 422],
    ['nothing in it', '{}', 422],
    ['null', 'null', 422],
    ['more than a body may have', `{"name":"${'x'.repeat(1_100_000)}"}`, 413],
    ['a name that is too long', newGroup('x'.repeat(101)), 422],
    ['a name with a slash', newGroup('a/b'), 422],
    ['a name in capitals', newGroup('Main'), 422],
    [
      'too many upstreams',
      newGroup('a', { upstreams: Array(101).fill({ url: 'x', weight: 1 }) }),
      422,
    ],
    ['a negative weight', newGroup('a', { upstreams: [{ url: 'https://a.io', weight: -1 }] }), 422],
    [
      'a setting that is not for groups',
      newGroup('a', { config: { app_url: 'https://a.io' } }),
      422,
    ],
    ['a prototype', '{"name":"a","channel":"openai","__proto__":{"enabled":false}}', 422],
    [
      'a header value with a line break',
      newGroup('a', { header_rules: [{ name: 'x', action: 'set', value: 'a\nb' }] }),
      422,
    ],
  ])('is not created from a body with %s, and nothing changes', async (_what, body, status) => {
    const before = await revisionNow();
    const refused = await house.ask('POST', '/api/groups', body);
    expect(refused.status).toBe(status);
    expect(refused.text).not.toMatch(/\.ts:\d+/);
    expect(await revisionNow()).toEqual(before);
  });

  it('names every wrong field at once', async () => {
    const refused = await create('Bad Name', {
      channel: 'smoke',
      colour: 'red',
      config: { max_retries: 'many', nothing: 1 },
    });
    expect(refused.status).toBe(422);
    expect(refused.fields.toSorted()).toEqual(
      ['channel', 'colour', 'config.max_retries', 'config.nothing', 'name'].toSorted(),
    );
  });

  it('refuses overrides nested deeper than a recursion could go, and stays up', async () => {
    const deep = `{"a":`.repeat(50_000) + '1' + '}'.repeat(50_000);
    const body = JSON.stringify(newGroup('main')).replace(/\}$/, `,"param_overrides":${deep}}`);
    const refused = await house.ask('POST', '/api/groups', body);
    expect([refused.status, refused.fields]).toEqual([422, ['param_overrides']]);
  });

  it('cannot change its name, its type or its channel', async () => {
    await create('main');
    for (const body of [{ name: 'other' }, { type: 'aggregate' }, { channel: 'gemini' }]) {
      const refused = await patch('main', body);
      expect([refused.status, refused.fields]).toEqual([422, Object.keys(body)]);
    }
  });

  it('is not there under a name that could not be one', async () => {
    for (const name of ['nobody', 'No%20Body', '%2e%2e', 'x'.repeat(200)]) {
      expect((await house.ask('GET', `/api/groups/${name}`)).status).toBe(404);
      expect((await patch(name, {})).status).toBe(404);
      expect((await house.ask('DELETE', `/api/groups/${name}`)).status).toBe(404);
    }
  });

  it('tells nobody of a change that changes nothing', async () => {
    await create('main', { proxy_keys: ['pk-one'], config: { proxy_url: 'http://u:p@proxy' } });
    const before = house.heard.length;
    const same = await patch('main', {
      enabled: true,
      proxy_keys: ['pk-one'],
      config: { proxy_url: 'http://u:p@proxy' },
    });
    expect([same.status, same.headers.get('etag')]).toEqual([200, '"2"']);
    expect(house.heard).toHaveLength(before);
  });

  it('takes changes from an old revision only without If-Match', async () => {
    await create('main');
    expect((await patch('main', { sort: 1 })).status).toBe(200);
    const stale = await patch('main', { sort: 2 }, { 'if-match': '"2"' });
    expect(stale.status).toBe(409);
    expect(stale.json).toMatchObject({ type: 'urn:keymux:problem:stale_revision' });
    const headers = { 'if-match': '"2"' };
    expect((await house.ask('DELETE', '/api/groups/main', undefined, headers)).status).toBe(409);
    expect((await patch('main', { sort: 2 }, { 'if-match': '"3"' })).status).toBe(200);
    expect((await patch('main', { sort: 3 }, { 'if-match': 'x' })).status).toBe(422);
    expect((await patch('main', { sort: 3 }, { 'if-match': '*' })).status).toBe(200);
  });

  it('takes changes of many writers one after the other, none lost', async () => {
    await create('main');
    const names = ['max_retries', 'connect_timeout', 'request_timeout', 'blacklist_threshold'];
    const all = await Promise.all(names.map((name) => patch('main', { config: { [name]: 11 } })));
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await house.ask('GET', '/api/groups/main')).json).toMatchObject({
      revision: 6,
      config: Object.fromEntries(names.map((name) => [name, 11])),
    });
    const revisions = house.heard.map(({ revision }) => revision);
    expect(revisions).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('has its name to itself, however many want it', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => create('main')));
    expect(all.map(({ status }) => status).toSorted()).toEqual([201, ...Array(9).fill(409)]);
    expect((await house.ask('DELETE', '/api/groups/main')).status).toBe(204);
    expect((await create('main')).status).toBe(201);
  });
});

describe('upstreams at private addresses', () => {
  it('are refused where they are forbidden, with a reason', async () => {
    await house.restart({ forbidPrivate: true });
    for (const url of ['http://127.0.0.1:9', 'http://169.254.169.254', 'http://[::1]/v1']) {
      const refused = await create('main', { upstreams: [{ url, weight: 1 }] });
      expect([refused.status, refused.fields]).toEqual([422, ['upstreams[0].url']]);
      expect(refused.text).toContain('private');
    }
    expect((await create('main')).status).toBe(201);
  });
});

describe('the list of groups', () => {
  const names = async (query = '') => {
    const { json } = await house.ask('GET', `/api/groups${query}`);
    const { items, next_cursor, total } = Value.Parse(PageSchema, json);
    return { names: items.map(({ name }) => name), next: next_cursor, total };
  };

  it('comes in its order, page by page', async () => {
    for (const name of ['e', 'd', 'c', 'b', 'a'])
      await create(name, { sort: name === 'a' ? 0 : 3 });
    const first = await names('?limit=2');
    expect(first).toMatchObject({ names: ['a', 'b'], total: 5 });
    const second = await names(`?limit=2&cursor=${first.next}`);
    const third = await names(`?limit=2&cursor=${second.next}`);
    expect([second.names, third.names, third.next]).toEqual([['c', 'd'], ['e'], null]);
  });

  it('skips and repeats none when others come and go between two pages', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await create(name, { sort: 1 });
    const first = await names('?limit=2');
    await house.ask('DELETE', '/api/groups/b');
    await create('aa', { sort: 0 });
    expect((await names(`?limit=2&cursor=${first.next}`)).names).toEqual(['c', 'd']);
  });

  it('finds by name and display name', async () => {
    await create('main', { display_name: 'Für Alle' });
    await create('other');
    expect((await names(`?q=${encodeURIComponent('FÜR')}`)).names).toEqual(['main']);
    expect((await names('?q=oth')).names).toEqual(['other']);
    expect(await names('?q=nothing')).toEqual({ names: [], next: null, total: 0 });
  });

  it.each(['?limit=0', '?limit=1001', '?limit=x', '?cursor=x', '?limit=1&limit=2', '?sort=name'])(
    'is refused with %s',
    async (query) => {
      expect((await house.ask('GET', `/api/groups${query}`)).status).toBe(422);
    },
  );

  it('can be put in order, which is one revision that everybody hears of', async () => {
    for (const name of ['a', 'b', 'c']) await create(name);
    const ordered = await house.ask('PUT', '/api/groups/order', { names: ['c', 'a'] });
    expect([ordered.status, ordered.json]).toEqual([200, { revision: 5 }]);
    expect((await names()).names).toEqual(['c', 'a', 'b']);
    const told = house.heard.filter(({ revision }) => revision === 5);
    expect(told.map((each) => (each.kind === 'group' ? each.group.name : each.kind))).toEqual(
      expect.arrayContaining(['a', 'b', 'c']),
    );
    const again = await house.ask('PUT', '/api/groups/order', { names: ['c', 'a'] });
    expect(again.json).toEqual({ revision: 5 });
  });

  it('is not put in order by names that are unknown or given twice', async () => {
    await create('a');
    const order = (names: string[]) => house.ask('PUT', '/api/groups/order', { names });
    expect((await order(['a', 'nobody'])).fields).toEqual(['names[1]']);
    expect((await order(['a', 'a'])).status).toBe(422);
    expect((await order(['A B'])).status).toBe(422);
  });
});

describe('a copy of a group', () => {
  const copy = (body: object) => house.ask('POST', '/api/groups/main/copy', body);

  it('has everything of it, and asks for its keys', async () => {
    const asked: unknown[] = [];
    house.calls.answer('keys.copy', (request) => {
      asked.push(request);
      return Promise.resolve({ task_id: 'task-1' });
    });
    await create('main', { proxy_keys: ['pk-one'], config: { max_retries: 1 } });
    const copied = await copy({ name: 'second', keys: 'active' });
    expect([copied.status, copied.headers.get('location')]).toEqual([201, '/api/groups/second']);
    expect(copied.json).toMatchObject({
      task_id: 'task-1',
      group: { name: 'second', sort: 1, proxy_keys: ['pk-one'], config: { max_retries: 1 } },
    });
    expect(asked).toEqual([{ from: 'main', to: 'second', keys: 'active', actor: 'key' }]);
    expect((await copy({ name: 'third' })).json).toMatchObject({ task_id: null });
    expect((await copy({ name: 'fourth', keys: 'none' })).json).toMatchObject({ task_id: null });
    expect(asked).toHaveLength(1);
  });

  it('is told to everyone before its keys are asked for', async () => {
    await create('main');
    house.calls.answer('keys.copy', () => {
      const last = house.heard.at(-1);
      return Promise.resolve({ task_id: last?.kind === 'group' ? last.group.name : 'not told' });
    });
    expect((await copy({ name: 'second', keys: 'all' })).json).toMatchObject({ task_id: 'second' });
  });

  it('stays without its keys when nobody copies them, and says so', async () => {
    await create('main');
    const copied = await copy({ name: 'second', keys: 'all' });
    expect(copied.status).toBe(503);
    expect(copied.text).toContain('second');
    expect((await house.ask('GET', '/api/groups/second')).status).toBe(200);
  });

  it('is refused from nowhere, onto another group and with bad words', async () => {
    expect((await copy({ name: 'second' })).status).toBe(404);
    await create('main');
    expect((await copy({ name: 'main' })).status).toBe(409);
    expect((await copy({ name: 'Bad Name' })).fields).toEqual(['name']);
    expect((await copy({ name: 'second', keys: 'some' })).fields).toEqual(['keys']);
    expect((await copy({})).fields).toEqual(['name']);
    const both = await Promise.all([copy({ name: 'second' }), copy({ name: 'second' })]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409]);
  });
});
