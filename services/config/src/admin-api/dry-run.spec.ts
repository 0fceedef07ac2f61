import { ConfigPreviewSchema } from '@keymux/contracts';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, type House, newGroup, openHouse } from '../../test/house.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse({ environmentSettings: { connect_timeout: 20 } });
});
afterEach(() => house.close());

const PreviewedSchema = Type.Object({ preview: ConfigPreviewSchema });
const previewIn = ({ status, json, text }: Answer) => {
  expect(status, text).toBe(200);
  return Value.Parse(PreviewedSchema, json).preview;
};
const everything = async (): Promise<string> =>
  (
    await Promise.all(
      ['/api/groups', '/api/settings', '/api/config/revisions', '/api/audit'].map(
        async (path) => (await house.ask('GET', path)).text,
      ),
    )
  ).join('\n');

describe('a dry run', () => {
  it('of the settings shows every group that inherits what changes, with layers', async () => {
    await house.ask('POST', '/api/groups', newGroup('own', { config: { max_retries: 2 } }));
    await house.ask('POST', '/api/groups', newGroup('inherits'));
    const before = await everything();
    house.heard.length = 0;
    const answer = await house.ask('PATCH', '/api/settings?dry_run=true', {
      max_retries: 5,
      connect_timeout: 30,
    });
    const preview = previewIn(answer);
    const retries = {
      name: 'max_retries',
      before: { value: 3, source: 'default' },
      after: { value: 5, source: 'system' },
    };
    const connects = {
      name: 'connect_timeout',
      before: { value: 20, source: 'environment' },
      after: { value: 30, source: 'system' },
    };
    expect(preview.settings.toSorted((a, b) => (a.name < b.name ? 1 : -1))).toEqual([
      retries,
      connects,
    ]);
    expect(preview.groups).toEqual([
      { group: 'own', change: 'inherits', effective: [connects] },
      { group: 'inherits', change: 'inherits', effective: expect.arrayContaining([retries]) },
    ]);
    expect(preview.diff).toContainEqual({ field: 'max_retries', before: null, after: 5 });
    expect(answer.headers.get('etag')).toBeNull();
    expect(await everything()).toBe(before);
    expect(house.heard).toEqual([]);
  });

  it('of a group shows its effective values before and after', async () => {
    await house.ask('POST', '/api/groups', newGroup('main'));
    await house.ask('PATCH', '/api/settings', { max_retries: 4 });
    const before = await everything();
    const body = { config: { max_retries: 0 }, description: 'new' };
    const answer = await house.ask('PATCH', '/api/groups/main?dry_run=true', body);
    expect(answer.json).toMatchObject({ description: 'new', revision: 2 });
    expect(previewIn(answer)).toEqual({
      diff: [
        { field: 'description', before: '', after: 'new' },
        { field: 'config.max_retries', before: null, after: 0 },
      ],
      settings: [],
      groups: [
        {
          group: 'main',
          change: 'changed',
          effective: [
            {
              name: 'max_retries',
              before: { value: 4, source: 'system' },
              after: { value: 0, source: 'group' },
            },
          ],
        },
      ],
    });
    expect(await everything()).toBe(before);
  });

  it('of a new group and of a deletion tells what comes and what goes', async () => {
    const created = previewIn(
      await house.ask('POST', '/api/groups?dry_run=true', newGroup('main')),
    );
    expect(created.groups).toMatchObject([{ group: 'main', change: 'created' }]);
    expect(created.groups[0]?.effective).toContainEqual({
      name: 'max_retries',
      before: null,
      after: { value: 3, source: 'default' },
    });
    expect((await house.ask('GET', '/api/groups/main')).status).toBe(404);
    await house.ask('POST', '/api/groups', newGroup('main'));
    const deleted = previewIn(await house.ask('DELETE', '/api/groups/main?dry_run=true'));
    expect(deleted.groups).toMatchObject([{ group: 'main', change: 'deleted' }]);
    expect(deleted.diff).toContainEqual({ field: 'channel', before: 'openai', after: null });
    expect((await house.ask('GET', '/api/groups/main')).status).toBe(200);
  });

  it('never shows a secret', async () => {
    const body = {
      proxy_keys: 'sk-a-new-key-for-everyone',
      proxy_url: 'http://user:password@proxy.example:3128',
    };
    const { preview } = Value.Parse(
      PreviewedSchema,
      (await house.ask('PATCH', '/api/settings?dry_run=true', body)).json,
    );
    const text = JSON.stringify(preview);
    for (const secret of ['new-key-for', 'password', 'v1.']) expect(text).not.toContain(secret);
    expect(text).toContain('http://proxy.example:3128');
  });

  it('refuses what the change itself would be refused for', async () => {
    await house.ask('POST', '/api/groups', newGroup('main'));
    const refusals = await Promise.all([
      house.ask('PATCH', '/api/settings?dry_run=true', { app_url: 'nowhere' }),
      house.ask('PATCH', '/api/groups/main?dry_run=true', { upstreams: [] }),
      house.ask('POST', '/api/groups?dry_run=true', newGroup('main')),
      house.ask('PATCH', '/api/groups/nobody?dry_run=true', {}),
      house.ask('PATCH', '/api/groups/main?dry_run=true', {}, { 'if-match': '"1"' }),
    ]);
    expect(refusals.map(({ status }) => status)).toEqual([422, 422, 409, 404, 409]);
  });
});

describe('If-Match', () => {
  it('guards the order and copies too', async () => {
    await house.ask('POST', '/api/groups', newGroup('a'));
    await house.ask('POST', '/api/groups', newGroup('b'));
    const list = await house.ask('GET', '/api/groups');
    const etag = list.headers.get('etag') ?? '';
    const order = { names: ['b', 'a'] };
    await house.ask('PATCH', '/api/groups/a', { enabled: false });
    const late = await house.ask('PUT', '/api/groups/order', order, { 'if-match': etag });
    expect(late.status).toBe(409);
    const copy = { name: 'c' };
    const stale = { 'if-match': '"2"' };
    expect((await house.ask('POST', '/api/groups/a/copy', copy, stale)).status).toBe(409);
    expect(
      (await house.ask('POST', '/api/groups/b/copy', copy, { 'if-match': '"3"' })).status,
    ).toBe(201);
  });
});
