import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { pythonWithSdks } from '../parts/python-sdks.ts';
import { addServing, useHouse } from '../product/house.ts';
import { fault, type Fault } from '../provider-simulator/errors.ts';
import { words } from '../provider-simulator/openai.ts';

const run = promisify(execFile);
const house = useHouse();
const said = words.join('');

let python = '';
beforeAll(async () => {
  python = await pythonWithSdks();
}, 300_000);

const faultOfStatus: Readonly<Record<string, Fault>> = {
  '401': 'invalid-key',
  '404': 'not-found',
  '429': 'rate-limit',
  '503': 'overloaded',
};

/** A group for each status, whose only key fails so at every call. */
async function failing(
  channel: 'openai' | 'anthropic' | 'gemini',
): Promise<Record<string, string>> {
  const urls: Record<string, string> = {};
  for (const [status, what] of Object.entries(faultOfStatus)) {
    const { url, secrets } = await addServing(house, { channel });
    const match = { key: secrets[0] ?? '', method: 'POST' };
    house.simulator.script({ match, answer: fault(channel, what) });
    urls[status] = url;
  }
  return urls;
}

async function outcomeOf(script: string, urls: Readonly<Record<string, string>>): Promise<unknown> {
  const file = fileURLToPath(new URL(`../clients/python/${script}.py`, import.meta.url));
  const task = JSON.stringify({ urls, key: house.keymux.proxyKey });
  const { stdout } = await run(python, [file, task], {
    env: { PATH: process.env['PATH'], PYTHONDONTWRITEBYTECODE: '1' },
  });
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n{') + 1));
}

const raised = (name: string, status: number) => ({
  classes: expect.arrayContaining([name]),
  status,
});

describe('the Python SDKs, with only base URL and key changed', () => {
  it('openai', async () => {
    const urls = {
      ok: (await addServing(house, { channel: 'openai' })).url,
      responses: (await addServing(house, { channel: 'openai-response' })).url,
      gemini: (await addServing(house, { channel: 'gemini' })).url,
      ...(await failing('openai')),
    };
    expect(await outcomeOf('openai_sdk', urls)).toEqual({
      completion: [said, 29],
      stream: [said, 29],
      embeddings: [
        [0.125, -0.25, 0.5],
        [0.125, -0.25, 0.5],
      ],
      models: ['gpt-4o', 'gpt-4o-mini', 'text-embedding-3-small'],
      upload: ['batch.jsonl', 300_000],
      response: said,
      response_stream: said,
      gemini_surface: said,
      errors: {
        '401': raised('AuthenticationError', 401),
        '404': raised('NotFoundError', 404),
        '429': raised('RateLimitError', 429),
        '503': raised('InternalServerError', 503),
      },
    });
  });

  it('anthropic', async () => {
    const { url: ok } = await addServing(house, { channel: 'anthropic' });
    expect(await outcomeOf('anthropic_sdk', { ok, ...(await failing('anthropic')) })).toEqual({
      completion: [said, 10],
      stream: [said, 10],
      models: ['claude-sonnet-4-5', 'claude-haiku-4-5'],
      count: 19,
      errors: {
        '401': raised('AuthenticationError', 401),
        '404': raised('NotFoundError', 404),
        '429': raised('RateLimitError', 429),
        '503': raised('InternalServerError', 529),
      },
    });
  });

  it('google-genai', async () => {
    const { url: ok } = await addServing(house, { channel: 'gemini' });
    expect(await outcomeOf('google_genai_sdk', { ok, ...(await failing('gemini')) })).toEqual({
      completion: [said, 29],
      stream: said,
      embeddings: [0.125, -0.25, 0.5],
      models: ['models/gemini-2.0-flash', 'models/gemini-2.5-pro'],
      errors: {
        // Gemini says 400 where others say 401.
        '401': raised('ClientError', 400),
        '404': raised('ClientError', 404),
        '429': raised('ClientError', 429),
        '503': raised('ServerError', 503),
      },
    });
  });
});
