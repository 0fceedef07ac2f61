import type { IncomingMessage } from 'node:http';
import type { OperationBody } from '@keymux/contracts';
import { problem, type Problem } from './problem.ts';

/** `none` where the operation takes no body or reads it itself; `gone` when the client left while sending. */
export type ReadBody =
  | { kind: 'json'; value: unknown }
  | { kind: 'text'; value: string }
  | { kind: 'none'; value: undefined }
  | { kind: 'gone' }
  | Problem;

type ReadBytes = { kind: 'bytes'; bytes: Buffer } | { kind: 'gone' } | Problem;

// The rest is read and dropped: closing with bytes on their way would reset the connection, answer included.
function tooLarge(req: IncomingMessage, maxBytes: number): Problem {
  req.resume();
  return problem('payload_too_large', { detail: `at most ${maxBytes} bytes are taken here` });
}

/** Reads the whole body, up to `maxBytes`. */
function readBytes(req: IncomingMessage, maxBytes: number): Promise<ReadBytes> {
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) {
    return Promise.resolve(tooLarge(req, maxBytes));
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (result: ReadBytes) => {
      req.off('data', onData).off('end', onEnd).off('close', onClose);
      resolve(result);
    };
    function onData(chunk: Buffer) {
      size += chunk.length;
      if (size <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      settle(tooLarge(req, maxBytes));
    }
    const onEnd = () => settle({ kind: 'bytes', bytes: Buffer.concat(chunks) });
    const onClose = () => settle({ kind: 'gone' });
    req.on('data', onData).on('end', onEnd).on('close', onClose);
    // Stays: an error without a listener would end the process.
    req.on('error', onClose);
  });
}

function decode(bytes: Buffer): string | Problem {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return problem('malformed_request', { detail: 'the body is not UTF-8' });
  }
}

function parse(text: string): ReadBody {
  try {
    const value: unknown = JSON.parse(text);
    return { kind: 'json', value };
  } catch (error) {
    // The message may quote the body, which may hold a key.
    const at = error instanceof SyntaxError ? /position \d+/.exec(error.message)?.[0] : undefined;
    return problem('malformed_json', at === undefined ? {} : { detail: `at ${at}` });
  }
}

function kindOf(req: IncomingMessage, accepted: OperationBody): 'json' | 'text' | Problem {
  const type = (req.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (req.headers['content-encoding'] !== undefined) {
    return problem('unsupported_media_type', { detail: 'encoded bodies are not taken here' });
  }
  if (accepted.json !== undefined && /^application\/([\w.-]+\+)?json$/.test(type)) return 'json';
  if (accepted.text === true && (type === '' || type === 'text/plain')) return 'text';
  const wanted = [
    ...(accepted.json === undefined ? [] : ['application/json']),
    ...(accepted.text === true ? ['text/plain'] : []),
  ];
  return problem('unsupported_media_type', { detail: `send ${wanted.join(' or ')}` });
}

/** Reads the body that an operation takes: JSON as a value, text as a string; undefined where the handler reads it itself. */
export async function readBody(
  req: IncomingMessage,
  accepted: OperationBody | undefined,
  maxBytes: number,
): Promise<ReadBody> {
  if (accepted === undefined || (accepted.json === undefined && accepted.text === undefined)) {
    return { kind: 'none', value: undefined };
  }
  const kind = kindOf(req, accepted);
  if (typeof kind !== 'string') return kind;
  const read = await readBytes(req, maxBytes);
  if (read.kind !== 'bytes') return read;
  const text = decode(read.bytes);
  if (typeof text !== 'string') return text;
  return kind === 'json' ? parse(text) : { kind: 'text', value: text };
}
