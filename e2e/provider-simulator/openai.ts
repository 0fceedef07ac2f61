import { createHash } from 'node:crypto';
import { bytes, event, eventStream, json, type Answer, type HeaderList } from './answer.ts';
import { simulatedBytes } from './binary.ts';
import { fault } from './errors.ts';
import { isRecord, type Asked } from './hit.ts';

/** Seconds; the age of everything simulated. */
const created = 1_764_000_000;
/** The words that every simulated model says. */
export const words = ['Hello', ' from', ' the', ' simulator', ':', ' all', ' is', ' well', '.'];

/** The headers that OpenAI sends with an answer. */
export const openaiHeaders: HeaderList = [
  ['x-request-id', 'req_abcdef0123456789abcdef0123456789'],
  ['openai-organization', 'simulated-org'],
  ['openai-processing-ms', '214'],
  ['openai-version', '2020-10-01'],
  ['x-ratelimit-limit-requests', '10000'],
  ['x-ratelimit-remaining-requests', '9999'],
  ['x-ratelimit-reset-requests', '8.64s'],
  ['Set-Cookie', '__cf_bm=sim.1; path=/; HttpOnly; Secure; SameSite=None'],
  ['Set-Cookie', '_cfuvid=sim.2; path=/; HttpOnly; Secure; SameSite=None'],
];

const usage = {
  prompt_tokens: 19,
  completion_tokens: 10,
  total_tokens: 29,
  prompt_tokens_details: { cached_tokens: 3, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 2,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};

/** OpenAI's wire format but for `/responses`; undefined for what it does not know. */
export function answerOpenai(asked: Asked, headers: HeaderList = openaiHeaders): Answer {
  const route = `${asked.method} ${asked.path.replace(/^.*?(?=\/(?:chat|embeddings|models|files|audio|images|batches)\b)/, '')}`;
  const model = typeof asked.json['model'] === 'string' ? asked.json['model'] : 'gpt-4o-mini';
  if (route === 'POST /chat/completions') {
    return asked.json['stream'] === true
      ? chatStream(asked, model, headers)
      : json(200, completion(asked, model), headers);
  }
  if (route === 'POST /embeddings') return json(200, embeddings(asked, model), headers);
  if (route === 'GET /models') return json(200, modelList, headers);
  if (route.startsWith('GET /models/')) {
    return json(200, modelNamed(route.slice('GET /models/'.length)), headers);
  }
  if (route === 'POST /files') return json(200, fileOf(asked), headers);
  if (route === 'POST /batches') {
    return json(200, { id: 'batch_sim', object: 'batch', status: 'validating' }, headers);
  }
  if (/^GET \/files\/[^/]+\/content$/.test(route)) {
    return bytes(200, 'application/octet-stream', simulatedBytes(300_000), headers);
  }
  if (route === 'POST /audio/speech') {
    return bytes(200, 'audio/mpeg', simulatedBytes(65_537), headers);
  }
  if (route === 'POST /audio/transcriptions') {
    return json(200, { text: words.join(''), usage: { type: 'duration', seconds: 1 } }, headers);
  }
  if (route === 'POST /images/generations') {
    const image = simulatedBytes(4096).toString('base64');
    return json(200, { created, data: [{ b64_json: image }] }, headers);
  }
  return fault('openai', 'not-found');
}

/** An id that follows from the request, so that the same request gets the same bytes. */
export function idOf(asked: Asked, prefix: string): string {
  return `${prefix}${createHash('sha256').update(asked.body).digest('hex').slice(0, 24)}`;
}

function completion(asked: Asked, model: string): unknown {
  return {
    id: idOf(asked, 'chatcmpl-'),
    object: 'chat.completion',
    created,
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: words.join(''), refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage,
    service_tier: 'default',
    system_fingerprint: 'fp_simulated',
  };
}

function chatStream(asked: Asked, model: string, headers: HeaderList): Answer {
  const options = asked.json['stream_options'];
  const withUsage = isRecord(options) && options['include_usage'] === true;
  const base = {
    id: idOf(asked, 'chatcmpl-'),
    object: 'chat.completion.chunk',
    created,
    model,
    service_tier: 'default',
    system_fingerprint: 'fp_simulated',
  };
  const piece = (delta: unknown, finish: string | null) =>
    event({
      ...base,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...(withUsage ? { usage: null } : {}),
    });
  return eventStream(
    [
      piece({ role: 'assistant', content: '', refusal: null }, null),
      ...words.map((word) => piece({ content: word }, null)),
      piece({}, 'stop'),
      ...(withUsage ? [event({ ...base, choices: [], usage })] : []),
      event('[DONE]'),
    ],
    headers,
  );
}

function embeddings(asked: Asked, model: string): unknown {
  const input = asked.json['input'];
  const inputs = Array.isArray(input) ? input : [input];
  const vector = [0.125, -0.25, 0.5];
  const encoded = Buffer.from(new Float32Array(vector).buffer).toString('base64');
  return {
    object: 'list',
    data: inputs.map((_, index) => ({
      object: 'embedding',
      index,
      embedding: asked.json['encoding_format'] === 'base64' ? encoded : vector,
    })),
    model,
    usage: { prompt_tokens: 5, total_tokens: 5 },
  };
}

const modelNamed = (id: string) => ({ id, object: 'model', created, owned_by: 'system' });
const modelList = {
  object: 'list',
  data: ['gpt-4o', 'gpt-4o-mini', 'text-embedding-3-small'].map(modelNamed),
};

function fileOf(asked: Asked): unknown {
  const filename = /filename="([^"]*)"/.exec(asked.body.toString('latin1'))?.[1] ?? 'none';
  return {
    id: idOf(asked, 'file-'),
    object: 'file',
    bytes: asked.body.length,
    created_at: created,
    filename,
    purpose: 'batch',
    status: 'processed',
  };
}
