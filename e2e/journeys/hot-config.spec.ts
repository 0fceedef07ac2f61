import { configOperations, settings } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import { ask, completionOf, credentialOf } from '../clients/ask.ts';
import { startLoad, type Load } from '../clients/load.ts';
import { addServing, at, groupName, useHouse } from '../product/house.ts';
import { eventStream } from '../provider-simulator/answer.ts';

const house = useHouse();
const api = () => house.keymux.api;

function loadOn(url: string): Load {
  const { path, headers, body } = completionOf('openai');
  return startLoad({
    url: url + path,
    headers: { ...headers, ...credentialOf('openai', house.keymux.proxyKey) },
    body,
    clients: 8,
  });
}

/** Another valid value of each setting, that the load can live with. */
const otherValues: Readonly<Record<string, unknown>> = {
  app_url: 'http://keymux.example:3001',
  request_log_retention_days: 8,
  request_log_write_interval_minutes: 1,
  enable_request_body_logging: true,
  request_timeout: 599,
  connect_timeout: 14,
  idle_conn_timeout: 119,
  response_header_timeout: 599,
  first_byte_timeout: 119,
  stream_idle_timeout: 299,
  max_idle_conns: 200,
  max_idle_conns_per_host: 90,
  max_retries: 4,
  blacklist_threshold: 5,
  key_rpm_limit: 1_000_000,
  key_concurrency_limit: 100_000,
  proxy_key_rpm_limit: 1_000_000,
  headroom: false,
  outcome_retention_days: 6,
  key_validation_interval_minutes: 59,
  key_validation_concurrency: 9,
  key_validation_timeout_seconds: 19,
};

const settingNow = async (name: string) => {
  const list = await api().call(configOperations.getSettings);
  return list.items.find((each) => each.name === name);
};

describe('a change of the config under load', () => {
  it('of any setting fails no request', async () => {
    const { url } = await addServing(house, { channel: 'openai' }, 20);
    const load = loadOn(url);
    await load.reached(50);
    for (const [name, value] of Object.entries(otherValues)) {
      const before = await settingNow(name);
      await api().changeSettings({ [name]: value });
      expect(await settingNow(name)).toMatchObject({ value, source: 'system' });
      await load.reached(load.results.length + 20);
      await api().changeSettings({ [name]: null });
      expect(await settingNow(name)).toMatchObject({
        value: before?.value,
        source: before?.source,
      });
    }
    const results = await load.stop();
    expect(results.filter((each) => each.status !== 200)).toEqual([]);
    const covered = [...Object.keys(otherValues), 'proxy_keys', 'proxy_url'];
    expect(covered.toSorted()).toEqual(settings.map((each) => each.name).toSorted());
  });

  it('of a group fails no request', async () => {
    const { url, name } = await addServing(house, { channel: 'openai' }, 20);
    const load = loadOn(url);
    await load.reached(50);
    const patches = [
      { description: 'changed', display_name: 'Changed', sort: 5 },
      { config: { max_retries: 1, request_timeout: 100 } },
      { header_rules: [{ name: 'X-New', action: 'set' as const, value: '1' }] },
      { param_overrides: { temperature: 0 } },
      { model_redirect_rules: { 'gpt-4o-mini': 'gpt-4o' } },
      { upstreams: [{ url: `${house.simulator.url}/`, weight: 5 }] },
      { proxy_keys: ['pk-of-the-group'] },
      { error_rules: [{ status: 418, verdict: 'pass' as const }] },
      { config: { max_retries: null, request_timeout: null }, header_rules: [] },
    ];
    for (const patch of patches) {
      await api().changeGroup(name, patch);
      await load.reached(load.results.length + 20);
    }
    const results = await load.stop();
    expect(results.filter((each) => each.status !== 200)).toEqual([]);
    const last = house.simulator.hits.at(-1);
    expect(JSON.parse(last?.body.toString() ?? '')).toMatchObject({
      model: 'gpt-4o',
      temperature: 0,
    });
  });

  it('of proxy keys lets the new one in and shuts the old one out', async () => {
    const { url } = await addServing(house, { channel: 'openai' }, 2);
    const load = loadOn(url);
    const status = async (key: string) => (await ask(url, 'openai', key)).status;
    await api().changeSettings({ proxy_keys: `${house.keymux.proxyKey},pk-second-0123456789` });
    await expect.poll(() => status('pk-second-0123456789')).toBe(200);
    await api().changeSettings({ proxy_keys: house.keymux.proxyKey });
    await expect.poll(() => status('pk-second-0123456789')).toBe(401);
    const results = await load.stop();
    expect(results.filter((each) => each.status !== 200)).toEqual([]);
    await api().changeSettings({ proxy_keys: null });
  });

  it('resets no key and forgets no streak', async () => {
    const { url, name, secrets } = await addServing(house, { channel: 'openai' }, 2);
    house.simulator.script({
      match: { key: secrets[0] ?? '' },
      answer: { kind: 'reply', status: 401, headers: [], chunks: [] },
    });
    for (let round = 0; round < 3; round += 1) {
      expect((await ask(url, 'openai', house.keymux.proxyKey)).status).toBe(200);
    }
    const streak = async () => (await api().key(name, secrets[0] ?? '')).streak;
    const before = house.simulator.keyCounts.get(secrets[0] ?? '') ?? 0;
    expect(before).toBeGreaterThan(0);
    await expect.poll(streak, { timeout: 20_000 }).toBe(before);
    await api().changeGroup(name, { description: 'another' });
    await api().changeSettings({ max_retries: 5 });
    expect(await streak()).toBe(before);
    await api().changeSettings({ max_retries: null });
  });
});

describe('a request in flight', () => {
  it('finishes under the revision it began with, even when its group goes', async () => {
    const { url, name } = await addServing(house, { channel: 'openai' });
    const { revision } = await api().call(configOperations.getGroup, { params: { name } });
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    async function* slowly(): AsyncGenerator<Buffer> {
      yield Buffer.from('data: {"choices":[{"delta":{"content":"a"}}]}\n\n');
      await gate;
      yield Buffer.from('data: {"choices":[{"delta":{"content":"b"}}]}\n\ndata: [DONE]\n\n');
    }
    house.simulator.script({ times: 1, answer: eventStream(slowly()) });
    const { path, headers, body } = completionOf('openai', { stream: true });
    const reply = await fetch(url + path, {
      method: 'POST',
      headers: { ...headers, ...credentialOf('openai', house.keymux.proxyKey) },
      body,
    });
    await api().changeGroup(name, { enabled: false });
    await expect
      .poll(async () => (await ask(url, 'openai', house.keymux.proxyKey)).status)
      .toBe(503);
    await api().call(configOperations.deleteGroup, { params: { name } });
    await expect
      .poll(async () => (await ask(url, 'openai', house.keymux.proxyKey)).status)
      .toBe(404);
    release();
    expect(await reply.text()).toContain('[DONE]');
    const row = await api().log(reply.headers.get('x-request-id') ?? '');
    expect(row.status).toBe(200);
    expect(row.revision).toBeGreaterThanOrEqual(revision);
    const [latest] = (await api().call(configOperations.listRevisions)).items;
    expect(row.revision).toBeLessThan(latest?.revision ?? 0);
  });
});

describe('a wrong change', () => {
  it.each([
    ['max_retries', 'three'],
    ['max_retries', 101],
    ['max_retires', 1],
    ['proxy_url', 'ftp://x'],
    ['app_url', 'not an address'],
  ])('of %s to %j is a 422 naming it, and nothing changes', async (field, value) => {
    const before = await api().call(configOperations.getSettings);
    const reply = await api().request('PATCH', '/api/settings', {
      body: { request_timeout: 77, [field]: value },
    });
    expect(reply.status).toBe(422);
    expect(JSON.stringify(reply.json)).toContain(field);
    expect(await api().call(configOperations.getSettings)).toEqual(before);
  });

  it('of a group two writers changed is a 409 for the later one', async () => {
    const name = groupName();
    await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
    const { revision } = await api().call(configOperations.getGroup, { params: { name } });
    const replies = await Promise.all(
      ['one', 'two', 'three'].map((description) =>
        api().request('PATCH', `/api/groups/${name}`, {
          body: { description },
          headers: { 'if-match': `"${revision}"` },
        }),
      ),
    );
    expect(replies.map((each) => each.status).toSorted()).toEqual([200, 409, 409]);
  });
});
