import { event, eventStream, json, simulatedDate, type Answer, type HeaderList } from './answer.ts';
import { simulatedBytes } from './binary.ts';
import { bytes } from './answer.ts';
import { fault } from './errors.ts';
import { isRecord, type Asked } from './hit.ts';
import { answerOpenai, idOf, words } from './openai.ts';

const googleHeaders: HeaderList = [
  ['Vary', 'Origin'],
  ['Vary', 'X-Origin'],
  ['Vary', 'Referer'],
  ['Server', 'scaffolding on HTTPServer2'],
  ['X-XSS-Protection', '0'],
  ['X-Frame-Options', 'SAMEORIGIN'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Server-Timing', 'gfet4t7; dur=437'],
];

const usageMetadata = {
  promptTokenCount: 19,
  candidatesTokenCount: 8,
  totalTokenCount: 29,
  cachedContentTokenCount: 3,
  thoughtsTokenCount: 2,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: 19 }],
};

/** Gemini's native format, and its OpenAI surface under `/v1beta/openai/`. */
export function answerGemini(asked: Asked): Answer {
  const openaiAt = asked.path.indexOf('/v1beta/openai/');
  if (openaiAt !== -1) return answerOpenai(asked, googleHeaders);
  const path = asked.path.replace(/^.*?(?=\/(?:upload\/)?v1(?:beta|alpha)?\/)/, '');
  if (path.startsWith('/upload/')) return answerUpload(asked);
  const rest = path.replace(/^\/v1(?:beta|alpha)?/, '');
  if (asked.method === 'GET' && rest === '/models') {
    return json(
      200,
      { models: ['gemini-2.0-flash', 'gemini-2.5-pro'].map(modelOf) },
      googleHeaders,
    );
  }
  if (asked.method === 'GET' && /^\/models\/[^:/]+$/.test(rest)) {
    return json(200, modelOf(rest.slice('/models/'.length)), googleHeaders);
  }
  if (asked.method === 'GET' && /^\/files\/[^:/]+:download$/.test(rest)) {
    return bytes(200, 'video/mp4', simulatedBytes(300_000), googleHeaders);
  }
  const call = /^\/models\/([^:]+):(\w+)$/.exec(rest);
  if (asked.method !== 'POST' || call === null) return fault('gemini', 'not-found');
  const model = call[1] ?? '';
  switch (call[2]) {
    case 'generateContent':
      return json(200, content(asked, model, words.join(''), true), googleHeaders);
    case 'streamGenerateContent':
      return asked.query.get('alt') === 'sse'
        ? eventStream(
            pieces(asked, model).map((each) => event(each)),
            googleHeaders,
          )
        : jsonArray(pieces(asked, model));
    case 'embedContent':
      return json(200, { embedding: { values: [0.125, -0.25, 0.5] } }, googleHeaders);
    case 'batchEmbedContents': {
      const requests = asked.json['requests'];
      const embeddings = (Array.isArray(requests) ? requests : [null]).map(() => ({
        values: [0.125, -0.25, 0.5],
      }));
      return json(200, { embeddings }, googleHeaders);
    }
    case 'countTokens':
      return json(200, { totalTokens: 19 }, googleHeaders);
    default:
      return fault('gemini', 'not-found');
  }
}

/** Multipart at once, or resumable: https://ai.google.dev/gemini-api/docs/files */
function answerUpload(asked: Asked): Answer {
  const { headers, path } = asked;
  const command = String(headers['x-goog-upload-command'] ?? 'finalize');
  const status: HeaderList = [
    ...googleHeaders,
    ['X-Goog-Upload-Status', command.includes('finalize') ? 'final' : 'active'],
  ];
  if (command !== 'start') return json(200, { file: fileOf(asked) }, status);
  const address = `http://${headers.host}${path}?upload_id=sim&upload_protocol=resumable`;
  return bytes(200, 'text/plain', Buffer.alloc(0), [...status, ['X-Goog-Upload-URL', address]]);
}

function pieces(asked: Asked, model: string): unknown[] {
  return words.map((word, at) => content(asked, model, word, at === words.length - 1));
}

function content(asked: Asked, model: string, text: string, last: boolean): unknown {
  return {
    candidates: [
      {
        content: { parts: [{ text }], role: 'model' },
        index: 0,
        ...(last ? { finishReason: 'STOP' } : {}),
      },
    ],
    usageMetadata: last ? usageMetadata : { promptTokenCount: 19, totalTokenCount: 19 },
    modelVersion: model,
    responseId: idOf(asked, ''),
  };
}

/** The stream without `alt=sse`: a JSON array that grows. */
function jsonArray(parts: readonly unknown[]): Answer {
  return {
    kind: 'reply',
    status: 200,
    headers: [
      ['Date', simulatedDate],
      ['Content-Type', 'application/json; charset=UTF-8'],
      ...googleHeaders,
    ],
    chunks: parts.map((part, at) =>
      Buffer.from(
        `${at === 0 ? '[' : ',\r\n'}${JSON.stringify(part)}${at === parts.length - 1 ? '\n]' : ''}`,
      ),
    ),
  };
}

const modelOf = (name: string) => ({
  name: `models/${name}`,
  version: '001',
  displayName: name,
  inputTokenLimit: 1_048_576,
  outputTokenLimit: 8192,
  supportedGenerationMethods: ['generateContent', 'countTokens'],
});

function fileOf(asked: Asked): unknown {
  const metadata = asked.json['file'];
  return {
    name: idOf(asked, 'files/'),
    displayName: isRecord(metadata) ? metadata['display_name'] : undefined,
    mimeType: 'text/plain',
    sizeBytes: String(asked.body.length),
    state: 'ACTIVE',
  };
}
