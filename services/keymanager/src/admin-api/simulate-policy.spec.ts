import { SimulationSchema } from '@keymux/contracts';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  failure,
  type RunningKeymanager,
  secretsOf,
  startKeymanager,
} from '../running-keymanager.fixture.ts';

let run: RunningKeymanager;
beforeAll(async () => {
  run = await startKeymanager();
});
afterAll(() => run.close());

const hourMs = 3_600_000;
const window = () => ({
  from: new Date(Date.now() - hourMs).toISOString(),
  to: new Date(Date.now() + hourMs).toISOString(),
});
const simulate = (group: string, body: object) =>
  run.request('POST', `/api/groups/${group}/policy/simulate`, body);

describe('POST /api/groups/{name}/policy/simulate', () => {
  it('answers which keys would have fared otherwise, and changes nothing', async () => {
    const group = run.newGroup();
    await run.importKeys(group, secretsOf(group, 3));
    const [key] = (await run.list(group)).items;
    const id = key?.id ?? '';
    const counted = { verdict: 'count', rule: 'unauthorized', status: 401 } as const;
    await run.publishOutcomes(
      group,
      Array.from({ length: 3 }, () => failure(id, counted)),
    );
    const answer = await simulate(group, { config: { blacklist_threshold: 10 }, ...window() });
    expect(answer.status).toBe(200);
    const simulation = Value.Parse(SimulationSchema, answer.body);
    expect(simulation).toMatchObject({
      outcomes: 3,
      requests_without_key: 0,
      keys: [{ id, verdict: 'kept', recorded_verdict: 'blacklisted' }],
      keys_total: 1,
      before: { blacklisted: 1, failures: 3 },
      after: { blacklisted: 0, failures: 3 },
    });
    expect(simulation.before.usable.at(-1)?.value).toBe(2);
    expect(simulation.after.usable.at(-1)?.value).toBe(3);
    expect((await run.list(group, '?status=blacklisted')).total).toBe(1);
  });

  it('answers for a group of which nothing was heard', async () => {
    const answer = await simulate(run.newGroup(), { config: {}, ...window() });
    expect(answer.body).toMatchObject({ outcomes: 0, keys: [], keys_total: 0 });
  });

  it.each([
    ['config', { ...window() }],
    ['from', { config: {}, to: window().to }],
    ['from', { config: {}, from: 'yesterday', to: window().to }],
    ['to', { config: {}, from: window().to, to: window().from }],
    ['config.blacklist_threshold', { config: { blacklist_threshold: -1 }, ...window() }],
    ['config.blacklist_threshold', { config: { blacklist_threshold: 'low' }, ...window() }],
    ['config.treshold', { config: { treshold: 1 }, ...window() }],
    ['config.guard.keys', { config: { guard: { keys: 1 } }, ...window() }],
    ['config.error_rules[0].verdict', { config: { error_rules: [{ status: 401, verdict: 'x' }] } }],
  ])('names %s when it is wrong', async (field, body) => {
    const answer = await simulate(run.newGroup(), body);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      errors: expect.arrayContaining([expect.objectContaining({ field })]),
    });
  });

  it('knows no group that is not there', async () => {
    expect((await simulate('nowhere', { config: {}, ...window() })).status).toBe(404);
  });
});
