import { SettingViewSchema, settings } from '@keymux/contracts';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, authKey, type House, openHouse } from '../../test/house.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse({ environmentSettings: { max_retries: 7 } });
});
afterEach(() => house.close());

const ViewsSchema = Type.Object({ items: Type.Array(SettingViewSchema) });
const setting = ({ json }: Answer, name: string) =>
  Value.Parse(ViewsSchema, json).items.find((each) => each.name === name);
const read = () => house.ask('GET', '/api/settings');
const patch = (body: unknown, headers: Record<string, string> = {}) =>
  house.ask('PATCH', '/api/settings', body, headers);

describe('the settings', () => {
  it('are all there, in the order of their table, with range, value and source', async () => {
    const { items } = Value.Parse(ViewsSchema, (await read()).json);
    expect(items.map(({ name }) => name)).toEqual(settings.map(({ name }) => name));
    expect(setting(await read(), 'max_retries')).toMatchObject({
      type: 'integer',
      default: 3,
      min: 0,
      max: 100,
      value: 7,
      source: 'environment',
      group_overridable: true,
    });
    expect(setting(await read(), 'app_url')).toMatchObject({ source: 'default' });
  });

  it('change at once for every group that has no value of its own', async () => {
    await house.ask('POST', '/api/groups', {
      name: 'main',
      channel: 'openai',
      upstreams: [{ url: 'https://a.io', weight: 1 }],
    });
    await patch({ max_retries: 0 });
    expect((await house.ask('GET', '/api/groups/main')).json).toMatchObject({
      effective_config: { max_retries: { value: 0, source: 'system' } },
    });
    expect(house.heard.at(-1)).toMatchObject({
      kind: 'settings',
      settings: { values: { max_retries: 0, request_timeout: 600 } },
    });
  });

  it.each(settings.filter(({ type }) => type === 'integer'))(
    '$name keep their range',
    async ({ name, min = 0, max = 0 }) => {
      const before = (await read()).json;
      for (const value of [min - 1, max + 1, 1.5, '1', true, [], {}]) {
        const refused = await patch({ [name]: value });
        expect([value, refused.status, refused.fields]).toEqual([value, 422, [name]]);
      }
      expect((await read()).json).toEqual(before);
      for (const value of [min, max]) {
        expect(setting(await patch({ [name]: value }), name)).toMatchObject({ value });
      }
    },
  );

  it.each([
    ['no body', undefined, 415],
    ['a list', [], 422],
    ['an unknown name', { colour: 'red' }, 422],
    ['a boolean as text', { enable_request_body_logging: 'true' }, 422],
    ['too long a text', { app_url: `https://a.io/${'x'.repeat(100_001)}` }, 422],
    ['the admin key as proxy key', { proxy_keys: authKey }, 422],
    ['more than a body may have', { proxy_keys: 'x'.repeat(1_100_000) }, 413],
  ])('are not changed by %s', async (_what, body, status) => {
    const before = (await read()).json;
    expect((await patch(body)).status).toBe(status);
    expect((await read()).json).toEqual(before);
  });

  it('go by their revision with If-Match', async () => {
    const etag = (await read()).headers.get('etag') ?? '';
    const both = await Promise.all(
      [1, 2].map((max_retries) => patch({ max_retries }, { 'if-match': etag })),
    );
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const all = await Promise.all(
      [10, 20, 30].map((connect_timeout) => patch({ connect_timeout })),
    );
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await read()).json).toMatchObject({ revision: 5 });
  });

  it('tell nobody of a change that changes nothing', async () => {
    const first = setting(await read(), 'proxy_keys')?.value;
    await patch({ proxy_keys: first, app_url: null });
    expect(house.heard).toHaveLength(1);
  });
});

describe('proxy keys', () => {
  it('are made at the first start and told as fingerprints with a masked name', async () => {
    const made = house.config.newProxyKey ?? '';
    expect(made).toMatch(/^sk-keymux-[\w-]{32}$/);
    expect(setting(await read(), 'proxy_keys')).toMatchObject({ value: made, source: 'system' });
    expect(house.heard).toMatchObject([
      {
        kind: 'settings',
        revision: 1,
        settings: {
          proxy_keys: [
            {
              name: `${made.slice(0, 6)}…${made.slice(-4)}`,
              fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
            },
          ],
        },
      },
    ]);
    expect(JSON.stringify(house.heard)).not.toContain(made);
  });

  it('of the environment are used instead of a made one, and never stored', async () => {
    const other = await openHouse({ environmentSettings: { proxy_keys: 'sk-from-environment' } });
    try {
      expect(other.config.newProxyKey).toBeNull();
      expect(await other.calls.call('config.snapshot', {})).toMatchObject({
        revision: 0,
        settings: { proxy_keys: [{ name: 'sk-…ent' }] },
      });
    } finally {
      await other.close();
    }
  });

  it('can be none, and are not made again then', async () => {
    expect(setting(await patch({ proxy_keys: '' }), 'proxy_keys')).toMatchObject({ value: '' });
    await house.restart();
    expect(house.config.newProxyKey).toBeNull();
    expect(await house.calls.call('config.snapshot', {})).toMatchObject({
      settings: { proxy_keys: [] },
    });
  });
});
