import type { ConfigEvent, NewGroup } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import type { Decision } from '../revision/decision.ts';
import { type ConfigState, evolve, inOrder, initialState } from '../revision/state.ts';
import {
  decideChange,
  decideCopy,
  decideCreate,
  decideDelete,
  decideOrder,
} from './decide-group.ts';

const rules = {
  forbidPrivate: false,
  secrets: {
    sealOf: (secret: string) => `v1.${secret}`,
    shown: (field: string, value: unknown) => (field === 'proxy_keys' ? 'masked' : value),
    isAuthKey: (text: string) => text === 'the-auth-key',
  },
};

const asked = (name: string, more: Partial<NewGroup> = {}): NewGroup => ({
  name,
  channel: 'openai',
  upstreams: [{ url: 'https://api.example.com', weight: 1 }],
  ...more,
});
const aggregate = (name: string, members: string[]): NewGroup => ({
  name,
  type: 'aggregate',
  channel: 'openai',
  members: members.map((group) => ({ group, weight: 1 })),
});

function numbered(decision: Decision, revision: number): ConfigEvent {
  if (decision?.kind !== 'event') throw new Error(`no event: ${JSON.stringify(decision)}`);
  switch (decision.type) {
    case 'GroupCreated':
      return { type: decision.type, data: { revision, ...decision.data } };
    case 'GroupChanged':
      return { type: decision.type, data: { revision, ...decision.data } };
    case 'GroupDeleted':
      return { type: decision.type, data: { revision, ...decision.data } };
    case 'SettingsChanged':
      return { type: decision.type, data: { revision, ...decision.data } };
    case 'GroupsOrdered':
      return { type: decision.type, data: { revision, ...decision.data } };
    case 'ConfigRestored':
      return { type: decision.type, data: { revision, ...decision.data } };
    default:
      return decision satisfies never;
  }
}

function then(state: ConfigState, decision: Decision): ConfigState {
  return evolve(state, numbered(decision, state.revision + 1), '2026-01-01T00:00:00.000Z');
}

/** The state in which these groups were created, one after the other. */
function given(...groups: NewGroup[]): ConfigState {
  return groups.reduce(
    (state, each) => then(state, decideCreate(state, each, rules)),
    initialState,
  );
}

const change = (
  state: ConfigState,
  patch: Parameters<typeof decideChange>[1]['patch'],
  ifMatch?: number,
): Decision => decideChange(state, { name: 'a', patch, ifMatch }, rules);
const fields = (decision: Decision) =>
  decision?.kind === 'problem' ? (decision.errors ?? []).map(({ field }) => field) : decision;

describe('creating a group', () => {
  it('fills in what was not said, seals secrets and puts it last', () => {
    const state = given(asked('a', { sort: 7 }));
    expect(
      decideCreate(
        state,
        asked('b', {
          proxy_keys: ['pk-1'],
          config: { max_retries: null, proxy_url: 'http://u:p@proxy' },
        }),
        rules,
      ),
    ).toMatchObject({
      type: 'GroupCreated',
      data: {
        group: {
          type: 'standard',
          enabled: true,
          sort: 8,
          proxy_keys: ['v1.pk-1'],
          config: { proxy_url: 'v1.http://u:p@proxy' },
        },
      },
    });
  });

  it('keeps an outbound proxy without credentials readable', () => {
    const made = decideCreate(
      initialState,
      asked('a', { config: { proxy_url: 'http://p' } }),
      rules,
    );
    expect(made).toMatchObject({ data: { group: { config: { proxy_url: 'http://p' } } } });
  });

  it('is refused for a name that is taken', () => {
    expect(decideCreate(given(asked('a')), asked('a'), rules)).toMatchObject({
      code: 'name_taken',
    });
  });

  it.each<[string, Partial<NewGroup>, string[]]>([
    ['no upstream', { upstreams: [] }, ['upstreams']],
    ['only weights of 0', { upstreams: [{ url: 'https://a.io', weight: 0 }] }, ['upstreams']],
    [
      'the same upstream in two spellings',
      {
        upstreams: [
          { url: 'https://a.io', weight: 1 },
          { url: 'https://A.io:443/', weight: 1 },
        ],
      },
      ['upstreams[1].url'],
    ],
    [
      'two bad upstreams',
      {
        upstreams: [
          { url: 'x', weight: 1 },
          { url: 'ws://a.io', weight: 1 },
        ],
      },
      ['upstreams[0].url', 'upstreams[1].url'],
    ],
    ['members', { members: [{ group: 'b', weight: 1 }] }, ['members']],
    ['a proxy key twice', { proxy_keys: ['k', 'k'] }, ['proxy_keys[1]']],
    ['the admin key as proxy key', { proxy_keys: ['the-auth-key'] }, ['proxy_keys[0]']],
    ['a bad proxy', { config: { proxy_url: 'ftp://p' } }, ['config.proxy_url']],
    [
      'overrides beyond 64 KiB',
      { param_overrides: { a: 'é'.repeat(33_000) } },
      ['param_overrides'],
    ],
    ['a bad endpoint', { validation_endpoint: 'https://a.io/v1' }, ['validation_endpoint']],
  ])('is refused with %s', (_what, more, expected) => {
    expect(fields(decideCreate(initialState, asked('a', more), rules))).toEqual(expected);
  });

  it.each([
    'Connection',
    'keep-alive',
    'Proxy-Connection',
    'TE',
    'Transfer-Encoding',
    'Upgrade',
    'Host',
    'Content-Length',
    'Authorization',
    'X-API-Key',
    'x-goog-api-key',
    'Proxy-Authorization',
  ])('is refused with a rule for the header %s', (name) => {
    const header_rules = [{ name, action: 'set' as const, value: 'x' }];
    expect(fields(decideCreate(initialState, asked('a', { header_rules }), rules))).toEqual([
      'header_rules[0].name',
    ]);
  });

  it('is refused with overrides that are nested too deeply, however deep', () => {
    const nested = (depth: number): Record<string, unknown> =>
      JSON.parse(`${'{"a":'.repeat(depth)}{}${'}'.repeat(depth)}`);
    const made = (depth: number) =>
      fields(decideCreate(initialState, asked('a', { param_overrides: nested(depth) }), rules));
    expect(made(31)).not.toEqual(['param_overrides']);
    expect(made(40)).toEqual(['param_overrides']);
    expect(made(100_000)).toEqual(['param_overrides']);
  });

  it.each(['', '/v1/models', 'GET /v1/models?limit=1', 'post /v1/chat/completions'])(
    'takes the endpoint %j for checks',
    (validation_endpoint) => {
      const made = decideCreate(initialState, asked('a', { validation_endpoint }), rules);
      expect(made).toMatchObject({ type: 'GroupCreated' });
    },
  );

  it('with private upstreams is refused only where they are forbidden', () => {
    const local = asked('a', { upstreams: [{ url: 'http://127.0.0.1:8080', weight: 1 }] });
    const strict = { ...rules, forbidPrivate: true };
    expect(decideCreate(initialState, local, rules)).toMatchObject({ type: 'GroupCreated' });
    expect(fields(decideCreate(initialState, local, strict))).toEqual(['upstreams[0].url']);
  });
});

describe('an aggregate group', () => {
  const state = given(asked('a'), asked('g', { channel: 'gemini' }), aggregate('all', ['a']));

  it('serves from standard groups of its channel', () => {
    expect(decideCreate(state, aggregate('more', ['a']), rules)).toMatchObject({
      type: 'GroupCreated',
    });
  });

  it.each([
    ['no member', [], ['members']],
    ['a group that is not there', ['nobody'], ['members[0].group']],
    ['itself', ['new'], ['members[0].group']],
    ['another aggregate', ['all'], ['members[0].group']],
    ['a group of another channel', ['a', 'g'], ['members[1].group']],
    ['a member twice', ['a', 'a'], ['members[1].group']],
  ])('is refused with %s', (_what, members, expected) => {
    expect(fields(decideCreate(state, aggregate('new', members), rules))).toEqual(expected);
  });

  it('has no upstreams', () => {
    const made = decideCreate(
      state,
      { ...aggregate('new', ['a']), upstreams: [{ url: 'https://a.io', weight: 1 }] },
      rules,
    );
    expect(fields(made)).toEqual(['upstreams']);
  });
});

describe('changing a group', () => {
  const state = given(asked('a', { config: { max_retries: 2, connect_timeout: 9 } }));

  it('leaves what the patch does not name, and says what changed', () => {
    expect(change(state, { description: 'new', config: { max_retries: 5 } })).toMatchObject({
      type: 'GroupChanged',
      data: {
        group: { description: 'new', config: { max_retries: 5, connect_timeout: 9 } },
        diff: [
          { field: 'description', before: '', after: 'new' },
          { field: 'config.max_retries', before: 2, after: 5 },
        ],
      },
    });
  });

  it('takes an override back with null', () => {
    const made = change(state, { config: { max_retries: null } });
    expect(made).toMatchObject({
      data: { diff: [{ field: 'config.max_retries', before: 2, after: null }] },
    });
    expect(
      made?.kind === 'event' && made.type === 'GroupChanged' && made.data.group.config,
    ).toEqual({ connect_timeout: 9 });
  });

  it('is no event when nothing changes, secrets that were given again included', () => {
    expect(change(state, {})).toBeNull();
    expect(change(state, { enabled: true, config: { max_retries: 2 } })).toBeNull();
    const kept = then(state, change(state, { proxy_keys: ['pk-1'] }));
    expect(change(kept, { proxy_keys: ['pk-1'] })).toBeNull();
  });

  it('shows secrets masked in what changed', () => {
    expect(change(state, { proxy_keys: ['pk-1'] })).toMatchObject({
      data: { diff: [{ field: 'proxy_keys', before: 'masked', after: 'masked' }] },
    });
  });

  it('goes by the revision of the group’s last change, not of any other', () => {
    const more = then(state, decideCreate(state, asked('b'), rules));
    expect(change(more, { enabled: false }, 1)).toMatchObject({ type: 'GroupChanged' });
    expect(change(more, { enabled: false }, 2)).toMatchObject({ code: 'stale_revision' });
  });

  it('is refused as a whole when one field is wrong', () => {
    expect(fields(change(state, { description: 'new', upstreams: [] }))).toEqual(['upstreams']);
  });

  it('is refused for a group that is not there', () => {
    expect(change(initialState, {})).toMatchObject({ code: 'not_found' });
  });

  it('leaves a sealed proxy alone that it does not name', () => {
    const proxied = then(state, change(state, { config: { proxy_url: 'http://u:p@proxy' } }));
    expect(change(proxied, { description: 'new' })).toMatchObject({
      data: { group: { config: { proxy_url: 'v1.http://u:p@proxy' } } },
    });
  });
});

describe('copying a group', () => {
  const state = given(asked('a', { proxy_keys: ['pk-1'], description: 'x' }));

  it('gives everything but the name and the place', () => {
    expect(decideCopy(state, { from: 'a', to: 'b' }, rules)).toMatchObject({
      type: 'GroupCreated',
      data: { group: { name: 'b', sort: 1, description: 'x', proxy_keys: ['v1.pk-1'] } },
    });
  });

  it('is refused from nowhere and onto another', () => {
    expect(decideCopy(state, { from: 'z', to: 'b' }, rules)).toMatchObject({ code: 'not_found' });
    expect(decideCopy(state, { from: 'a', to: 'a' }, rules)).toMatchObject({ code: 'name_taken' });
  });
});

describe('deleting a group', () => {
  const state = given(
    asked('a'),
    asked('b'),
    aggregate('one', ['a']),
    aggregate('two', ['a', 'b']),
  );

  it('is refused while aggregates have it as a member, naming them', () => {
    expect(decideDelete(state, { name: 'a' }, rules.secrets)).toMatchObject({
      code: 'conflict',
      detail: expect.stringMatching(/one.*two/),
    });
  });

  it('goes for one that nobody needs', () => {
    expect(decideDelete(state, { name: 'two' }, rules.secrets)).toMatchObject({
      type: 'GroupDeleted',
    });
    const without = then(state, decideDelete(state, { name: 'two' }, rules.secrets));
    expect(decideDelete(without, { name: 'b' }, rules.secrets)).toMatchObject({
      type: 'GroupDeleted',
    });
  });

  it('is refused from an old revision, and for what is not there', () => {
    expect(decideDelete(state, { name: 'two', ifMatch: 1 }, rules.secrets)).toMatchObject({
      code: 'stale_revision',
    });
    expect(decideDelete(state, { name: 'nobody' }, rules.secrets)).toMatchObject({
      code: 'not_found',
    });
  });
});

describe('ordering groups', () => {
  const state = given(asked('a'), asked('b'), asked('c'));
  const names = (from: ConfigState) => inOrder(from).map(({ group }) => group.name);

  it('puts the named first and leaves the others in their order', () => {
    expect(names(then(state, decideOrder(state, ['c'])))).toEqual(['c', 'a', 'b']);
  });

  it('is no event when it changes nothing', () => {
    expect(decideOrder(state, ['a', 'b'])).toBeNull();
    expect(decideOrder(initialState, [])).toBeNull();
  });

  it('is refused with the places of names that are not there', () => {
    expect(fields(decideOrder(state, ['x', 'a', 'y']))).toEqual(['names[0]', 'names[2]']);
  });

  it('puts a group made later after all', () => {
    const ordered = then(state, decideOrder(state, ['c', 'b', 'a']));
    expect(names(then(ordered, decideCreate(ordered, asked('aa'), rules)))).toEqual([
      'c',
      'b',
      'a',
      'aa',
    ]);
  });
});
