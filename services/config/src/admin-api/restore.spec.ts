import { GroupViewSchema, RestoredSchema } from '@keymux/contracts';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type House, newGroup, openHouse } from '../../test/house.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const SettingsSchema = Type.Object({
  items: Type.Array(Type.Object({ name: Type.String(), value: Type.Unknown() })),
});
const settingNow = async (name: string): Promise<unknown> =>
  Value.Parse(SettingsSchema, (await house.ask('GET', '/api/settings')).json).items.find(
    (each) => each.name === name,
  )?.value;
// A house has another port after a restart, and endpoints stand where they are asked for.
const asked = { 'x-forwarded-host': 'keys.example' };
const groupNow = async (name: string) => {
  const { json } = await house.ask('GET', `/api/groups/${name}`, undefined, asked);
  const {
    created_at: _c,
    updated_at: _u,
    revision: _r,
    ...group
  } = Value.Parse(GroupViewSchema, json);
  return group;
};
const restore = (revision: number, query = '', headers = {}) =>
  house.ask('POST', `/api/config/revisions/${revision}/restore${query}`, undefined, headers);
const revisionNow = async (): Promise<number> =>
  Value.Parse(
    Type.Object({ total: Type.Integer() }),
    (await house.ask('GET', '/api/config/revisions?limit=1')).json,
  ).total;

describe('a restore', () => {
  it('brings settings, groups and their secrets back as a new revision', async () => {
    await house.ask('POST', '/api/groups', {
      ...newGroup('main', { proxy_keys: ['pk-of-the-group-main'] }),
      config: { proxy_url: 'http://user:password@proxy.example:3128', max_retries: 2 },
    });
    await house.ask('PATCH', '/api/settings', { max_retries: 7 });
    const then = await revisionNow();
    const before = await groupNow('main');
    await house.ask('PATCH', '/api/groups/main', {
      proxy_keys: ['pk-another-of-the-group'],
      config: { proxy_url: null },
      upstreams: [{ url: 'https://other.example.com', weight: 2 }],
    });
    await house.ask('PATCH', '/api/settings', { max_retries: 1 });
    await house.ask('POST', '/api/groups', newGroup('late'));
    house.heard.length = 0;

    const answer = await restore(then);
    expect(answer.status).toBe(200);
    const { revision, diff } = Value.Parse(RestoredSchema, answer.json);
    expect(revision).toBe(then + 4);
    expect(answer.headers.get('etag')).toBe(`"${revision}"`);
    expect(diff).toContainEqual({ field: 'settings.max_retries', before: 1, after: 7 });
    expect(diff).toContainEqual({
      field: 'groups.main.proxy_keys',
      before: ['pk-ano…roup'],
      after: ['pk-of-…main'],
    });
    expect(answer.text).not.toContain('password');
    expect(answer.text).not.toContain('v1.');
    expect(await groupNow('main')).toEqual(before);
    expect(await settingNow('max_retries')).toBe(7);
    expect((await house.ask('GET', '/api/groups/late')).status).toBe(404);
    const [listed] = Value.Parse(
      Type.Object({
        items: Type.Array(Type.Object({ type: Type.String(), subject: Type.String() })),
      }),
      (await house.ask('GET', '/api/config/revisions')).json,
    ).items;
    expect(listed).toMatchObject({ type: 'ConfigRestored', subject: `revision ${then}` });
    await expect.poll(() => house.heard.length).toBe(3);
    expect(house.heard.map((each) => [each.kind, each.revision])).toEqual([
      ['settings', revision],
      ['group-deleted', revision],
      ['group', revision],
    ]);
    await house.restart();
    expect(await groupNow('main')).toEqual(before);
  });

  it('can be undone by a restore', async () => {
    await house.ask('POST', '/api/groups', newGroup('main'));
    await house.ask('PATCH', '/api/groups/main', { enabled: false });
    const before = await groupNow('main');
    const last = await revisionNow();
    await restore(last - 1);
    expect((await groupNow('main')).enabled).toBe(true);
    await restore(last);
    expect(await groupNow('main')).toEqual(before);
  });

  it('brings back one group, or the settings, and leaves the rest', async () => {
    await house.ask('POST', '/api/groups', newGroup('a'));
    await house.ask('POST', '/api/groups', newGroup('b'));
    const then = await revisionNow();
    for (const name of ['a', 'b']) {
      await house.ask('PATCH', `/api/groups/${name}`, { enabled: false });
    }
    await house.ask('PATCH', '/api/settings', { max_retries: 1 });
    await restore(then, '?group=a');
    expect([(await groupNow('a')).enabled, (await groupNow('b')).enabled]).toEqual([true, false]);
    expect(await settingNow('max_retries')).toBe(1);
    await restore(then, '?only=settings');
    expect(await settingNow('max_retries')).toBe(3);
    expect((await groupNow('b')).enabled).toBe(false);
  });

  it('names the member that an aggregate misses, and changes nothing', async () => {
    await house.ask('POST', '/api/groups', newGroup('member'));
    await house.ask('POST', '/api/groups', {
      name: 'all',
      type: 'aggregate',
      channel: 'openai',
      members: [{ group: 'member', weight: 1 }],
    });
    const then = await revisionNow();
    await house.ask('DELETE', '/api/groups/all');
    await house.ask('DELETE', '/api/groups/member');
    const refused = await restore(then, '?group=all');
    expect([refused.status, refused.fields]).toEqual([422, ['groups.all.members[0].group']]);
    expect(refused.text).toContain('there is no group member');
    expect(await revisionNow()).toBe(then + 2);
    expect((await restore(then)).status).toBe(200);
    expect((await house.ask('GET', '/api/groups/all')).status).toBe(200);
    // Nor may it take a member away from an aggregate that stays.
    const lost = await restore(1, '?group=member');
    expect([lost.status, lost.fields]).toEqual([422, ['groups.all.members[0].group']]);
  });

  it('makes no revision of nothing, and changes nothing in a dry run', async () => {
    await house.ask('POST', '/api/groups', newGroup('main'));
    const now = await revisionNow();
    expect((await restore(now)).json).toEqual({ revision: now, restored: now, diff: [] });
    const dry = await restore(now - 1, '?dry_run=true');
    expect(dry.status).toBe(200);
    expect(Value.Parse(RestoredSchema, dry.json)).toMatchObject({
      revision: now,
      preview: { groups: [{ group: 'main', change: 'deleted' }] },
    });
    expect(await revisionNow()).toBe(now);
  });

  it('is refused when the config is not the one that the admin saw', async () => {
    await house.ask('POST', '/api/groups', newGroup('main'));
    const now = await revisionNow();
    expect((await restore(1, '', { 'if-match': `"${now - 1}"` })).status).toBe(409);
    expect((await restore(1, '', { 'if-match': `"${now}"` })).status).toBe(200);
  });

  it.each([
    [99, '', 404],
    [0, '', 404],
    [1, '?group=nobody', 404],
    [1, '?group=NO', 422],
    [1, '?only=groups', 422],
    [1, '?only=settings&group=main', 422],
    [1, '?dry_run=perhaps', 422],
  ])('of revision %i with %j is answered with %i', async (revision, query, status) => {
    expect((await restore(revision, query)).status).toBe(status);
  });

  it('lets one of many at the same time win', async () => {
    await house.ask('POST', '/api/groups', newGroup('main'));
    const now = await revisionNow();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => restore(1, '', { 'if-match': `"${now}"` })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(7);
  });
});
