import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { eventStream, json } from './answer.ts';
import { fault } from './errors.ts';
import { startSimulator, type Simulator } from './simulator.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterEach(() => simulator.reset());
afterAll(() => simulator.close());

const chat = (body: Record<string, unknown> = {}, key = 'sk-1') =>
  fetch(`${simulator.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o', messages: [], ...body }),
  });

describe('the provider simulator', () => {
  it('answers a completion and remembers the request', async () => {
    const reply = await chat();
    expect(reply.status).toBe(200);
    expect(await reply.json()).toMatchObject({ object: 'chat.completion', model: 'gpt-4o' });
    expect(simulator.hits).toMatchObject([
      { method: 'POST', url: '/v1/chat/completions', key: 'sk-1', model: 'gpt-4o' },
    ]);
    expect(simulator.keyCounts.get('sk-1')).toBe(1);
    await expect.poll(() => simulator.activeRequests()).toBe(0);
  });

  it.each([
    ['/v1/chat/completions', {}, '[DONE]'],
    ['/v1/responses', {}, 'response.completed'],
    ['/v1/messages', { 'anthropic-version': '2023-06-01' }, 'message_stop'],
    ['/v1beta/models/gemini-2.0-flash:streamGenerateContent?alt=sse', {}, 'STOP'],
    ['/v1beta/openai/chat/completions', {}, '[DONE]'],
  ])('streams events at %s', async (path, headers, last) => {
    const reply = await fetch(simulator.url + path, {
      method: 'POST',
      headers,
      body: JSON.stringify({ model: 'm', stream: true }),
    });
    expect(reply.headers.get('content-type')).toContain('text/event-stream');
    expect(await reply.text()).toContain(last);
  });

  it('streams a JSON array from Gemini without alt=sse', async () => {
    const path = '/v1beta/models/gemini-2.0-flash:streamGenerateContent';
    const reply = await fetch(simulator.url + path, { method: 'POST', body: '{}' });
    expect(await reply.json()).toHaveLength(9);
  });

  it('does what the newest matching script says, as often as it says', async () => {
    simulator.script({ answer: json(200, { old: true }) });
    simulator.script({ match: { key: 'sk-2' }, times: 1, answer: fault('openai', 'invalid-key') });
    expect((await chat({}, 'sk-2')).status).toBe(401);
    expect(await (await chat({}, 'sk-2')).json()).toEqual({ old: true });
  });

  it('takes a script from the name of a key', async () => {
    expect((await chat({}, 'sk-sim-limited-1')).status).toBe(429);
  });

  it('cuts, resets and breaks answers', async () => {
    simulator.script({ answer: { kind: 'reset' } });
    await expect(chat()).rejects.toThrow();
    simulator.script({
      answer: { ...eventStream(['a', 'b', 'c']), ending: 'reset', endAfterChunks: 2 },
    });
    await expect(chat().then((reply) => reply.text())).rejects.toThrow();
    simulator.script({
      answer: { kind: 'raw', bytes: Buffer.from('nonsense\r\n'), after: 'close' },
    });
    await expect(chat()).rejects.toThrow();
  });

  it('sees a client that goes away', async () => {
    simulator.script({ answer: { kind: 'hang' } });
    const socket = connect(simulator.port, '127.0.0.1');
    socket.write('GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n');
    await expect.poll(() => simulator.hits).toHaveLength(1);
    socket.destroy();
    await expect.poll(() => simulator.activeRequests()).toBe(0);
    expect(simulator.hits).toMatchObject([{ aborted: true, answered: false }]);
  });

  it('echoes on a WebSocket and closes as told', async () => {
    const ws = new WebSocket(`${simulator.url.replace('http', 'ws')}/v1/realtime`, {
      headers: { authorization: 'Bearer sk-1' },
    });
    const heard: string[] = [];
    ws.on('message', (data: Buffer) => heard.push(data.toString()));
    const closed = new Promise<number>((resolve) => ws.on('close', resolve));
    await new Promise((resolve) => ws.once('open', resolve));
    ws.send('ping');
    await expect.poll(() => heard.at(-1)).toBe('ping');
    ws.send('{"type":"close","code":4001,"reason":"done"}');
    expect(await closed).toBe(4001);
  });

  it('goes down and comes back on its port', async () => {
    await simulator.goDown();
    await expect(chat()).rejects.toThrow();
    await simulator.comeBack();
    expect((await chat()).status).toBe(200);
  });
});
