import type { ChannelName } from '@keymux/contracts';

/** A completion in the format of each channel. */
export function completionOf(
  channel: ChannelName,
  options: { stream?: boolean; model?: string; text?: string } = {},
): { path: string; headers: Record<string, string>; body: string } {
  const stream = options.stream === true;
  const text = options.text ?? 'hi';
  const json = { 'content-type': 'application/json' };
  const streaming = stream ? { stream } : {};
  switch (channel) {
    case 'openai':
      return {
        path: '/v1/chat/completions',
        headers: json,
        body: JSON.stringify({
          model: options.model ?? 'gpt-4o-mini',
          messages: [{ role: 'user', content: text }],
          ...streaming,
          ...(stream ? { stream_options: { include_usage: true } } : {}),
        }),
      };
    case 'openai-response':
      return {
        path: '/v1/responses',
        headers: json,
        body: JSON.stringify({ model: options.model ?? 'gpt-4o-mini', input: text, ...streaming }),
      };
    case 'gemini': {
      const call = stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
      return {
        path: `/v1beta/models/${options.model ?? 'gemini-2.0-flash'}:${call}`,
        headers: json,
        body: JSON.stringify({ contents: [{ parts: [{ text }], role: 'user' }] }),
      };
    }
    case 'anthropic':
      return {
        path: '/v1/messages',
        headers: { ...json, 'anthropic-version': '2023-06-01' },
        body: JSON.stringify({
          model: options.model ?? 'claude-sonnet-4-5',
          max_tokens: 64,
          messages: [{ role: 'user', content: text }],
          ...streaming,
        }),
      };
  }
}

/** Where each provider wants its key; Keymux takes the proxy key there too. */
export function credentialOf(channel: ChannelName, key: string): Record<string, string> {
  switch (channel) {
    case 'openai':
    case 'openai-response':
      return { authorization: `Bearer ${key}` };
    case 'gemini':
      return { 'x-goog-api-key': key };
    case 'anthropic':
      return { 'x-api-key': key };
  }
}

/** Asks a group for a completion. */
export async function ask(
  url: string,
  channel: ChannelName,
  key: string,
  options: {
    stream?: boolean;
    model?: string;
    text?: string;
    signal?: AbortSignal;
    headers?: Record<string, string>;
  } = {},
): Promise<{ status: number; headers: Headers; text: string; requestId: string }> {
  const { path, headers, body } = completionOf(channel, options);
  const reply = await fetch(url + path, {
    method: 'POST',
    headers: { ...headers, ...options.headers, ...credentialOf(channel, key) },
    body,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const text = await reply.text();
  const requestId = reply.headers.get('x-request-id') ?? '';
  return { status: reply.status, headers: reply.headers, text, requestId };
}
