import { describe, expect, it } from 'vitest';
import { snippetsFor } from './snippets.ts';

const group = { endpoint: 'http://localhost:3001/proxy/g', test_model: 'some-model' } as const;

describe('the snippets of a group', () => {
  it.each([
    ['openai', '/v1/chat/completions', 'OpenAI'],
    ['openai-response', '/v1/responses', 'OpenAI'],
    ['anthropic', '/v1/messages', 'Anthropic'],
    ['gemini', '/v1beta/models/some-model:generateContent', 'Gemini'],
  ] as const)('of %s ask its endpoint in its own way', (channel, path, sdk) => {
    const [curl, python] = snippetsFor({ ...group, channel }, 'pk-1');
    expect(curl?.code).toContain(`${group.endpoint}${path} `);
    expect(curl?.code).toContain('Bearer pk-1');
    expect(python?.name).toBe(sdk);
    expect(python?.code).toContain('some-model');
  });
});
