import { SimulationSchema } from '@keymux/contracts';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { ask } from '../clients/ask.ts';
import { addServing, useHouse } from '../product/house.ts';
import { fault } from '../provider-simulator/errors.ts';

const house = useHouse();

describe('what if', () => {
  it('tells from real requests what another policy would have done', async () => {
    const { keymux, simulator } = house;
    const from = new Date().toISOString();
    const { name, url, secrets } = await addServing(
      house,
      { channel: 'openai', config: { blacklist_threshold: 2 } },
      2,
    );
    const [bad = ''] = secrets;
    simulator.script({ match: { key: bad }, answer: fault('openai', 'invalid-key') });
    await expect
      .poll(
        async () => {
          expect((await ask(url, 'openai', keymux.proxyKey)).status).toBe(200);
          return (await keymux.api.key(name, bad)).status;
        },
        { timeout: 20_000 },
      )
      .toBe('blacklisted');
    const { id } = await keymux.api.key(name, bad);

    const simulate = async (config: object) => {
      const to = new Date(Date.now() + 60_000).toISOString();
      const path = `/api/groups/${name}/policy/simulate`;
      const reply = await keymux.api.request('POST', path, { body: { config, from, to } });
      expect(reply.status).toBe(200);
      return Value.Parse(SimulationSchema, reply.json);
    };

    const same = await simulate({});
    expect(same.after).toEqual(same.before);
    expect(same).toMatchObject({ keys: [], before: { blacklisted: 1 } });
    expect(same.outcomes).toBeGreaterThanOrEqual(4);

    const lenient = await simulate({ blacklist_threshold: 50 });
    expect(lenient.after.blacklisted).toBe(0);
    expect(lenient.keys).toMatchObject([{ id, verdict: 'kept', recorded_verdict: 'blacklisted' }]);

    // The recorded answers are judged anew, with the words that the provider used.
    const judgedAgain = await simulate({ error_rules: [] });
    expect(judgedAgain.after).toMatchObject({ blacklisted: 1 });
    const pardoned = await simulate({ error_rules: [{ status: 401, verdict: 'pass' }] });
    expect(pardoned.after).toMatchObject({ blacklisted: 0, failures: 0, requests_failed_over: 0 });
    expect(pardoned.before.requests_failed_over).toBeGreaterThan(0);
  });
});
