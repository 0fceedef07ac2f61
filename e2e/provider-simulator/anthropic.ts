import { bytes, event, eventStream, json, type Answer, type HeaderList } from './answer.ts';
import { simulatedBytes } from './binary.ts';
import { fault } from './errors.ts';
import type { Asked } from './hit.ts';
import { idOf, words } from './openai.ts';

const anthropicHeaders: HeaderList = [
  ['request-id', 'req_011CSimulated0000000001'],
  ['anthropic-organization-id', '00000000-0000-4000-8000-000000000000'],
  ['anthropic-ratelimit-requests-limit', '50'],
  ['anthropic-ratelimit-requests-remaining', '49'],
  ['anthropic-ratelimit-requests-reset', '2026-11-24T10:00:01Z'],
  ['via', '1.1 google'],
];

const inputUsage = {
  input_tokens: 16,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 3,
  service_tier: 'standard',
};

/** Anthropic's wire format. */
export function answerAnthropic(asked: Asked): Answer {
  const route = `${asked.method} ${asked.path.replace(/^.*?(?=\/v1\/)/, '')}`;
  const model = typeof asked.json['model'] === 'string' ? asked.json['model'] : 'claude-sonnet-4-5';
  if (asked.headers['anthropic-version'] === undefined) {
    return json(
      400,
      {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'anthropic-version: header is required' },
      },
      anthropicHeaders,
    );
  }
  if (route === 'POST /v1/messages') {
    return asked.json['stream'] === true
      ? messageStream(asked, model)
      : json(
          200,
          message(asked, model, [{ type: 'text', text: words.join('') }]),
          anthropicHeaders,
        );
  }
  if (route === 'POST /v1/messages/count_tokens') {
    return json(200, { input_tokens: 19 }, anthropicHeaders);
  }
  if (route === 'GET /v1/models') return json(200, modelList, anthropicHeaders);
  if (route === 'POST /v1/files') {
    const filename = /filename="([^"]*)"/.exec(asked.body.toString('latin1'))?.[1] ?? 'none';
    return json(
      200,
      {
        id: idOf(asked, 'file_'),
        type: 'file',
        filename,
        mime_type: 'application/pdf',
        size_bytes: asked.body.length,
        created_at: '2026-11-24T10:00:00Z',
        downloadable: false,
      },
      anthropicHeaders,
    );
  }
  if (/^GET \/v1\/files\/[^/]+\/content$/.test(route)) {
    return bytes(200, 'application/octet-stream', simulatedBytes(300_000), anthropicHeaders);
  }
  return fault('anthropic', 'not-found');
}

function message(asked: Asked, model: string, content: readonly unknown[]) {
  return {
    id: idOf(asked, 'msg_'),
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason: content.length === 0 ? null : 'end_turn',
    stop_sequence: null,
    usage: { ...inputUsage, output_tokens: content.length === 0 ? 1 : 10 },
  };
}

function messageStream(asked: Asked, model: string): Answer {
  const step = (type: string, rest: Record<string, unknown> = {}) => event({ type, ...rest }, type);
  return eventStream(
    [
      step('message_start', { message: message(asked, model, []) }),
      step('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
      step('ping'),
      ...words.map((text) =>
        step('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
      ),
      step('content_block_stop', { index: 0 }),
      step('message_delta', {
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { output_tokens: 10 },
      }),
      step('message_stop'),
    ],
    anthropicHeaders,
  );
}

const modelList = {
  data: ['claude-sonnet-4-5', 'claude-haiku-4-5'].map((id) => ({
    type: 'model',
    id,
    display_name: id,
    created_at: '2025-09-29T00:00:00Z',
  })),
  has_more: false,
  first_id: 'claude-sonnet-4-5',
  last_id: 'claude-haiku-4-5',
};
