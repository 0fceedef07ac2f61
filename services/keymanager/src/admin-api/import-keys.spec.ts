import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TaskSchema } from '@keymux/contracts';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type RunningKeymanager,
  secretsOf,
  startKeymanager,
} from '../running-keymanager.fixture.ts';

let run: RunningKeymanager;
beforeAll(async () => {
  run = await startKeymanager();
});
afterAll(async () => {
  await run.close();
});

describe('importing keys', () => {
  it('takes text with any separators and counts exactly', async () => {
    const name = run.newGroup();
    const body =
      '\ufeffsk-a-0000001, sk-b-0000001;sk-c-0000001\r\n\n"sk-d-0000001" sk-a-0000001\nk\u00e9y\n"two words"';
    const answer = await run.request('POST', `/api/groups/${name}/keys`, body);
    expect(answer.status).toBe(202);
    const { id } = Value.Parse(TaskSchema, answer.body);
    expect(answer.headers.get('location')).toBe(`/api/tasks/${id}`);
    expect(await run.ended(id)).toMatchObject({
      kind: 'import',
      group: name,
      state: 'done',
      processed: 7,
      total: 7,
      result: {
        added: 4,
        duplicates: 1,
        invalid: 2,
        invalid_lines: [
          { line: 4, reason: 'has characters that no key has' },
          { line: 5, reason: 'has white space or a separator inside' },
        ],
      },
    });
    expect((await run.list(name)).items.map((key) => key.masked)).toEqual([
      'sk-…001',
      'sk-…001',
      'sk-…001',
      'sk-…001',
    ]);
  });

  it('takes JSON and file uploads, and finds what the group has already', async () => {
    const name = run.newGroup();
    const [a = '', b = '', c = ''] = secretsOf(name, 3);
    expect((await run.importKeys(name, [a, b, a])).result).toMatchObject({
      added: 2,
      duplicates: 1,
    });
    const form = new FormData();
    form.append('file', new Blob([`${b}\n${c}`]), 'keys.txt');
    form.append('more', new Blob([JSON.stringify({ keys: [a] })]), 'keys.json');
    const answer = await run.request('POST', `/api/groups/${name}/keys`, form);
    const task = await run.ended(Value.Parse(TaskSchema, answer.body).id);
    expect(task.result).toMatchObject({ added: 1, duplicates: 2 });
    expect((await run.list(name)).total).toBe(3);
  });

  it('takes JSON lines under a content type of their own', async () => {
    const name = run.newGroup();
    const [a = '', b = ''] = secretsOf(name, 2);
    const body = [{ api_key: a, note: 'ours' }, { note: 'no key' }, { api_key: b }]
      .map((each) => JSON.stringify(each))
      .join('\n');
    for (const type of ['application/x-ndjson', 'application/jsonl', 'text/plain']) {
      const path = `/api/groups/${name}/keys?dry_run=true`;
      const headers = { 'content-type': type };
      expect(await run.request('POST', path, body, { headers })).toMatchObject({
        status: 200,
        body: { added: 2, invalid: 1, invalid_lines: [{ line: 2 }] },
      });
    }
  });

  it('keeps the same key in several groups, and takes one again that was deleted', async () => {
    const [one, other] = [run.newGroup(), run.newGroup()];
    const secrets = secretsOf('both', 2);
    for (const name of [one, other]) await run.importKeys(name, secrets);
    const { items } = await run.list(one);
    const first = items[0]?.id ?? '';
    expect((await run.request('DELETE', `/api/keys/${first}`)).status).toBe(204);
    expect((await run.importKeys(one, secrets)).result).toMatchObject({ added: 1 });
    expect((await run.list(one)).items.map((key) => key.id)).not.toContain(first);
    expect((await run.list(other)).total).toBe(2);
  });

  it('previews without a change', async () => {
    const name = run.newGroup();
    const [a = '', b = ''] = secretsOf(name, 2);
    await run.importKeys(name, [a]);
    const body = `${a}\n${b}\n${b}\n\u0001\n`;
    const answer = await run.request('POST', `/api/groups/${name}/keys?dry_run=true`, body);
    expect(answer).toMatchObject({
      status: 200,
      body: { added: 1, duplicates: 2, invalid: 1, invalid_lines: [{ line: 4 }] },
    });
    expect((await run.list(name)).total).toBe(1);
  });

  it('refuses what is no import, and keeps nothing of it', async () => {
    const name = run.newGroup();
    const path = `/api/groups/${name}/keys`;
    const send = async (body: unknown, type?: string) => {
      const headers = type === undefined ? {} : { headers: { 'content-type': type } };
      return run.request('POST', path, body, headers);
    };
    const json = 'application/json';
    expect((await send('{"keys":', json)).status).toBe(400);
    expect((await send('{"keys":["a"]} x', json)).status).toBe(400);
    expect((await send(new Uint8Array([0x7b, 0xff]), json)).status).toBe(400);
    expect(await send('{"keys":[1]}', json)).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'keys[0]', message: 'must be text, or an object with a key' }] },
    });
    expect(await send('{"kys":[]}', json)).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'kys', message: 'is not a known field' }] },
    });
    expect((await send('[]', json)).status).toBe(422);
    expect((await send('{}', json)).status).toBe(422);
    expect((await send('', 'text/plain')).status).toBe(422);
    expect((await send('{"keys":[]}', json)).status).toBe(422);
    expect((await send('x', 'image/png')).status).toBe(415);
    expect((await send('x', 'multipart/form-data')).status).toBe(400);
    expect((await send('--b\r\nbroken', 'multipart/form-data; boundary=b')).status).toBe(400);
    expect((await send(new FormData())).status).toBe(422);
    expect((await run.request('POST', '/api/groups/nowhere/keys', 'sk-1')).status).toBe(404);
    const aggregate = run.newGroup({ type: 'aggregate' });
    expect((await run.request('POST', `/api/groups/${aggregate}/keys`, 'sk-1')).status).toBe(409);
    expect((await run.list(name)).total).toBe(0);
    expect(readdirSync(join(run.dataDir, 'tasks'))).toEqual([]);
  });

  it('refuses a body beyond the limit, announced or not', async () => {
    const small = await startKeymanager({ maxImportBytes: 10_000 });
    try {
      small.addGroup('g');
      const big = 'sk-0123456789\n'.repeat(1000);
      const form = new FormData();
      form.append('file', new Blob([big]), 'keys.txt');
      const stream = new Blob([big]).stream();
      for (const body of [big, form, stream]) {
        expect((await small.request('POST', '/api/groups/g/keys', body)).status).toBe(413);
      }
      expect(readdirSync(join(small.dataDir, 'tasks'))).toEqual([]);
      expect((await small.importKeys('g', ['sk-after-it'])).result).toMatchObject({ added: 1 });
    } finally {
      await small.close();
    }
  });

  it('forgets an upload whose client leaves in the middle', async () => {
    const name = run.newGroup();
    const controller = new AbortController();
    const body = new ReadableStream({
      start: (sent) => sent.enqueue(new TextEncoder().encode('sk-one-00001\nsk-two')),
    });
    const sending = run.request('POST', `/api/groups/${name}/keys`, body, {
      signal: controller.signal,
    });
    const spooled = () => readdirSync(join(run.dataDir, 'tasks'));
    await expect.poll(spooled).toHaveLength(1);
    controller.abort();
    await expect(sending).rejects.toThrow();
    await expect.poll(spooled).toEqual([]);
    expect((await run.list(name)).total).toBe(0);
  });

  it('adds each key once when the same file comes several times at once', async () => {
    const name = run.newGroup();
    const secrets = secretsOf(name, 1500);
    const tasks = await Promise.all([1, 2, 3].map(() => run.importKeys(name, secrets)));
    const added = tasks.map((task) => Number(task.result['added']));
    expect(added.reduce((sum, each) => sum + each)).toBe(1500);
    expect((await run.list(name)).total).toBe(1500);
  });
});

describe('an import that is stopped', { timeout: 60_000 }, () => {
  it('goes on after a restart and is exact, and leaves no key in clear on disk', async () => {
    const first = await startKeymanager();
    first.addGroup('g');
    const secrets = secretsOf('resume', 20_000);
    const text = [...secrets, ...secrets.slice(0, 50)].join('\n');
    const answer = await first.request('POST', '/api/groups/g/keys', text);
    const { id } = Value.Parse(TaskSchema, answer.body);
    await expect.poll(async () => (await first.task(id)).processed).toBeGreaterThan(0);
    for (const file of ['keymux.db', 'keymux.db-wal', `tasks/${id}.keys`]) {
      expect(readFileSync(join(first.dataDir, file)).includes('sk-resume')).toBe(false);
    }
    await first.stop();
    const second = await startKeymanager({ on: first.dataDir });
    try {
      const task = await second.ended(id);
      expect(task).toMatchObject({
        state: 'done',
        processed: 20_050,
        result: { added: 20_000, duplicates: 50, invalid: 0 },
      });
      expect(readdirSync(join(second.dataDir, 'tasks'))).toEqual([]);
      const exported = await second.request('GET', '/api/groups/g/keys/export');
      expect(exported.text).toBe(`${secrets.join('\n')}\n`);
    } finally {
      await second.close();
    }
  });

  it('keeps exactly what it did when it is cancelled', async () => {
    const name = run.newGroup();
    const answer = await run.request(
      'POST',
      `/api/groups/${name}/keys`,
      secretsOf(name, 30_000).join('\n'),
    );
    const { id } = Value.Parse(TaskSchema, answer.body);
    await expect.poll(async () => (await run.task(id)).processed).toBeGreaterThan(0);
    const cancelled = await run.request('DELETE', `/api/tasks/${id}`);
    expect(cancelled).toMatchObject({ status: 200, body: { state: 'cancelled' } });
    const { total } = await run.list(name);
    const task = await run.task(id);
    expect(task.result['added']).toBe(total);
    expect(total).toBeLessThan(30_000);
    await expect.poll(() => readdirSync(join(run.dataDir, 'tasks'))).toEqual([]);
    // Again, and once a task is done.
    expect((await run.request('DELETE', `/api/tasks/${id}`)).status).toBe(200);
    const done = await run.importKeys(name, ['sk-one-more-key']);
    expect((await run.request('DELETE', `/api/tasks/${done.id}`)).status).toBe(409);
    expect((await run.request('DELETE', '/api/tasks/unknown')).status).toBe(404);
  });
});
