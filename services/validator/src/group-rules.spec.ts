import { channelByName } from '@keymux/channels';
import { describe, expect, it } from 'vitest';
import { probeOf } from './group-rules.ts';

type RuledGroup = Parameters<typeof probeOf>[0];

const group = (own: Partial<RuledGroup> = {}): RuledGroup => ({
  name: 'main',
  test_model: 'small',
  validation_endpoint: '',
  param_overrides: {},
  header_rules: [],
  model_redirect_rules: {},
  ...own,
});
const probe = (own: Partial<RuledGroup> = {}, channel: 'openai' | 'gemini' = 'openai') =>
  probeOf(group(own), channelByName(channel));
const json = (body: string | null): unknown => JSON.parse(body ?? 'null');

describe('the probe of a group', () => {
  it("is the channel's, with the test model", () => {
    expect(probe()).toMatchObject({ method: 'POST', path: '/v1/chat/completions' });
    expect(json(probe().body)).toMatchObject({ model: 'small', max_tokens: 1 });
    expect(json(probe({ test_model: '' }).body)).toMatchObject({
      model: channelByName('openai').defaults.testModel,
    });
  });

  it('redirects the model where requests would be redirected', () => {
    const model_redirect_rules = { small: 'big/one' };
    expect(json(probe({ model_redirect_rules }).body)).toMatchObject({ model: 'big/one' });
    expect(probe({ model_redirect_rules }, 'gemini').path).toBe(
      '/v1beta/models/big/one:generateContent',
    );
    expect(json(probe({ model_redirect_rules, test_model: 'toString' }).body)).toMatchObject({
      model: 'toString',
    });
  });

  it('goes to the endpoint of the group', () => {
    const got = probe({ validation_endpoint: 'GET /v1/models', param_overrides: { a: 1 } });
    expect(got).toMatchObject({ method: 'GET', path: '/v1/models', body: null });
    expect(got.headers).not.toContain('content-type');
    expect(probe({ validation_endpoint: '/v9/chat' }).path).toBe('/v9/chat');
  });

  it('merges the overrides of the group deeply', () => {
    const param_overrides = { max_tokens: null, reasoning: { effort: 'low' }, n: 2 };
    const body = json(probe({ param_overrides }).body);
    expect(body).toMatchObject({ model: 'small', reasoning: { effort: 'low' }, n: 2 });
    expect(body).not.toHaveProperty('max_tokens');
  });

  it('follows the header rules of the group', () => {
    const { headers } = probe({
      header_rules: [
        { name: 'X-Team', action: 'set', value: '${group}/${model}' },
        { name: 'Accept', action: 'remove' },
      ],
    });
    expect(headers).toEqual(['content-type', 'application/json', 'X-Team', 'main/small']);
  });
});
