import type { Group } from '../api/generated.ts';

/** Code that asks a group something, ready to run. */
export interface Snippet {
  readonly name: 'curl' | 'OpenAI' | 'Anthropic' | 'Gemini';
  readonly code: string;
}

type Asked = Pick<Group, 'endpoint' | 'channel' | 'test_model'>;

const curl = (endpoint: string, key: string, path: string, body: unknown): string =>
  `curl ${endpoint}${path} \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '${JSON.stringify(body)}'`;

/** What to copy for a group, with a proxy key and the model that it is tested with. */
export function snippetsFor({ endpoint, channel, test_model }: Asked, key: string): Snippet[] {
  const model = test_model === '' ? fallbackModels[channel] : test_model;
  const messages = [{ role: 'user', content: 'Hello' }];
  switch (channel) {
    case 'openai':
      return [
        { name: 'curl', code: curl(endpoint, key, '/v1/chat/completions', { model, messages }) },
        {
          name: 'OpenAI',
          code: `from openai import OpenAI

client = OpenAI(base_url="${endpoint}/v1", api_key="${key}")
answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.choices[0].message.content)`,
        },
      ];
    case 'openai-response':
      return [
        { name: 'curl', code: curl(endpoint, key, '/v1/responses', { model, input: 'Hello' }) },
        {
          name: 'OpenAI',
          code: `from openai import OpenAI

client = OpenAI(base_url="${endpoint}/v1", api_key="${key}")
print(client.responses.create(model="${model}", input="Hello").output_text)`,
        },
      ];
    case 'anthropic':
      return [
        {
          name: 'curl',
          code: curl(endpoint, key, '/v1/messages', { model, max_tokens: 64, messages }),
        },
        {
          name: 'Anthropic',
          code: `from anthropic import Anthropic

client = Anthropic(base_url="${endpoint}", api_key="${key}")
answer = client.messages.create(
    model="${model}",
    max_tokens=64,
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.content[0].text)`,
        },
      ];
    case 'gemini':
      return [
        {
          name: 'curl',
          code: curl(endpoint, key, `/v1beta/models/${model}:generateContent`, {
            contents: [{ parts: [{ text: 'Hello' }] }],
          }),
        },
        {
          name: 'Gemini',
          code: `from google import genai

client = genai.Client(api_key="${key}", http_options={"base_url": "${endpoint}"})
print(client.models.generate_content(model="${model}", contents="Hello").text)`,
        },
      ];
    default:
      return channel satisfies never;
  }
}

const fallbackModels = {
  openai: 'gpt-4o-mini',
  'openai-response': 'gpt-4o-mini',
  anthropic: 'claude-haiku-4-5',
  gemini: 'gemini-2.5-flash',
} as const satisfies Record<Group['channel'], string>;
