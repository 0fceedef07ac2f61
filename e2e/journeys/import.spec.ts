import { keymanagerOperations, type Task } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import { completionOf, credentialOf } from '../clients/ask.ts';
import { startLoad } from '../clients/load.ts';
import { addServing, at, groupName, secretsFor, untilServing, useHouse } from '../product/house.ts';
import { isSlowStore } from '../product/store.ts';

const house = useHouse({ simulator: { keep: 'counts' } });
const api = () => house.keymux.api;
// Fewer where they would take minutes.
const many = isSlowStore ? 20_000 : 100_000;

async function emptyGroup(): Promise<string> {
  const name = groupName('import');
  await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
  return name;
}

async function upload(group: string, body: unknown, headers: Record<string, string> = {}) {
  const reply = await api().request('POST', `/api/groups/${group}/keys`, { body, headers });
  expect(reply.status, reply.text).toBe(202);
  const location = reply.headers.get('location') ?? '';
  const task = await api().request('GET', location);
  expect(task.status).toBe(200);
  return location.slice(location.lastIndexOf('/') + 1);
}

const exported = async (group: string) =>
  (await api().call(keymanagerOperations.exportKeys, { params: { name: group } }))
    .split('\n')
    .filter((line) => line !== '')
    .toSorted();

function fileOf(lines: readonly string[]): FormData {
  const form = new FormData();
  form.append('file', new Blob([lines.join('\n')], { type: 'text/plain' }), 'keys.txt');
  return form;
}

describe('an import', () => {
  it(
    `of ${many.toLocaleString('en')} keys from a file goes on while traffic runs, and is exact`,
    { timeout: 180_000 },
    async () => {
      const traffic = await addServing(house, { channel: 'openai' }, 20);
      const { path, headers, body } = completionOf('openai');
      const load = startLoad({
        url: traffic.url + path,
        headers: { ...headers, ...credentialOf('openai', house.keymux.proxyKey) },
        body,
        clients: 4,
      });
      const name = await emptyGroup();
      const secrets = secretsFor(name, many);
      const lines = [
        ...secrets,
        ...secrets.slice(0, 500),
        '',
        '   ',
        'two\u0001bad',
        'k\u00e9y-\u4e2d',
      ];
      const id = await upload(name, fileOf(lines));
      const seen: Task[] = [];
      for (;;) {
        const task = await api().task(id);
        seen.push(task);
        if (task.state !== 'queued' && task.state !== 'running') break;
        await load.reached(load.results.length + 1);
      }
      const end = seen.at(-1);
      expect(end).toMatchObject({
        state: 'done',
        result: { added: many, duplicates: 500, invalid: 2 },
      });
      const progress = seen.map((each) => each.processed);
      expect(progress).toEqual(progress.toSorted((a, b) => a - b));
      const results = await load.stop();
      expect(results.length).toBeGreaterThan(0);
      expect(results.filter((each) => each.status !== 200)).toEqual([]);
      expect(await exported(name)).toEqual(secrets.toSorted());
      const list = await api().call(keymanagerOperations.listKeys, {
        params: { name },
        query: { limit: 10 },
      });
      expect(list.total).toBe(many);
      await untilServing(house, `${house.keymux.url}/proxy/${name}`, 'openai', secrets.slice(0, 3));
    },
  );

  it('takes text, JSON and files, with any separators', async () => {
    const name = await emptyGroup();
    const [a, b, c, d, e, f, g] = secretsFor(name, 7);
    const text = await upload(name, `${a}, ${b};${c}\r\n${d} ${a}\n`, {
      'content-type': 'text/plain',
    });
    expect((await api().taskEnd(text)).result).toMatchObject({ added: 4, duplicates: 1 });
    const json = await upload(name, { keys: [a, e] });
    expect((await api().taskEnd(json)).result).toMatchObject({ added: 1, duplicates: 1 });
    const file = await upload(name, fileOf([f ?? '', g ?? '']));
    expect((await api().taskEnd(file)).result).toMatchObject({ added: 2 });
    expect(await exported(name)).toEqual(secretsFor(name, 7));
  });

  it('can be tried without importing', async () => {
    const name = await emptyGroup();
    const reply = await api().request('POST', `/api/groups/${name}/keys?dry_run=true`, {
      body: `${secretsFor(name, 3).join('\n')}\n${secretsFor(name, 1)[0]}\n`,
      headers: { 'content-type': 'text/plain' },
    });
    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({ added: 3, duplicates: 1, invalid: 0 });
    expect(await exported(name)).toEqual([]);
  });

  it('can be cancelled: what it did stays', { timeout: 120_000 }, async () => {
    const name = await emptyGroup();
    const id = await upload(name, secretsFor(name, many).join('\n'), {
      'content-type': 'text/plain',
    });
    const cancelled = await api().call(keymanagerOperations.cancelTask, { params: { id } });
    expect(['running', 'cancelled']).toContain(cancelled.state);
    const end = await api().taskEnd(id);
    expect(end.state).toBe('cancelled');
    const kept = await exported(name);
    expect(kept.length).toBeLessThan(many);
    expect(kept.length).toBe(end.result['added']);
  });

  it('goes on after a kill in the middle, and is exact', { timeout: 180_000 }, async () => {
    const name = await emptyGroup();
    const secrets = secretsFor(name, many);
    const id = await upload(name, [...secrets, ...secrets.slice(0, 100)].join('\n'), {
      'content-type': 'text/plain',
    });
    for (;;) {
      const task = await api().task(id);
      expect(task.state).not.toBe('done');
      if (task.processed > 0) break;
    }
    await house.keymux.kill9();
    await house.keymux.start();
    const end = await api().taskEnd(id);
    expect(end).toMatchObject({ state: 'done', result: { added: many, duplicates: 100 } });
    expect(await exported(name)).toEqual(secrets.toSorted());
  });

  it('refuses what is no import with a clear answer', async () => {
    const name = await emptyGroup();
    const send = (path: string, body: unknown, type: string) =>
      api().request('POST', path, { body, headers: { 'content-type': type } });
    expect((await send('/api/groups/nowhere/keys', 'sk-1', 'text/plain')).status).toBe(404);
    expect((await send(`/api/groups/${name}/keys`, '{"keys":', 'application/json')).status).toBe(
      400,
    );
    expect(
      (await send(`/api/groups/${name}/keys`, '{"keys":[1]}', 'application/json')).status,
    ).toBe(422);
    expect((await send(`/api/groups/${name}/keys`, 'x', 'image/png')).status).toBe(415);
    expect(await exported(name)).toEqual([]);
  });
});
