import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { problem, type Problem } from '@keymux/service';
import busboy from 'busboy';
import { type Entry, type EntryReader, MalformedImport } from './entry.ts';
import { createJsonReader } from './read-json.ts';
import { createTextReader } from './read-text.ts';

/** Takes one entry; a promise holds back the upload until it is settled. */
export type TakeEntry = (entry: Entry) => Promise<void> | undefined;

/** `gone` when the client left before the end. */
export type Upload = { readonly kind: 'read' } | { readonly kind: 'gone' } | Problem;

class TooLarge extends Error {
  override readonly name = 'TooLarge';
}
class Gone extends Error {
  override readonly name = 'Gone';
}

type Form = 'json' | 'text' | 'multipart';
const isJson = (type: string): boolean =>
  /^application\/(?:(?:[\w.-]+\+)?json|json-?lines|jsonl|(?:x-)?ndjson)$/.test(type);

function formOf(req: IncomingMessage): Form | undefined {
  const type = (req.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (isJson(type)) return 'json';
  if (type === 'multipart/form-data') return 'multipart';
  const plain = type === '' || type.startsWith('text/') || type === 'application/octet-stream';
  return plain ? 'text' : undefined;
}

/**
 * Reads the entries of an import as they arrive, at the pace of `take`: text, JSON, or files
 * of either. Reading to the end means that the whole body was well formed.
 */
export async function readUpload(
  req: IncomingMessage,
  { maxBytes, take }: { maxBytes: number; take: TakeEntry },
): Promise<Upload> {
  const refuse = (refused: Problem): Problem => {
    // The rest is read and dropped, or the answer would be lost with the connection.
    req.resume();
    return refused;
  };
  const form = formOf(req);
  if (form === undefined || req.headers['content-encoding'] !== undefined) {
    const detail = 'send text/plain, application/json or multipart/form-data, not compressed';
    return refuse(problem('unsupported_media_type', { detail }));
  }
  const tooLarge = problem('payload_too_large', { detail: `at most ${maxBytes} bytes are taken` });
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) return refuse(tooLarge);
  try {
    if (form === 'multipart') await readFiles(req, { maxBytes, take });
    else await readPlain(req, { maxBytes, take, reader: readerOf(form) });
    return { kind: 'read' };
  } catch (error) {
    if (error instanceof Gone || (req.destroyed && !req.complete)) return { kind: 'gone' };
    if (error instanceof TooLarge) return refuse(tooLarge);
    if (error instanceof MalformedImport) return refuse(problemOf(error, form));
    req.resume();
    throw error;
  }
}

function problemOf({ field, message }: MalformedImport, form: Form): Problem {
  if (field !== null) return problem('invalid', { errors: [{ field, message }] });
  return problem(form === 'json' ? 'malformed_json' : 'malformed_request', { detail: message });
}

const readerOf = (form: 'json' | 'text'): EntryReader =>
  form === 'json' ? createJsonReader() : createTextReader();

async function takeAll(entries: Iterable<Entry>, take: TakeEntry): Promise<void> {
  for (const entry of entries) {
    const taken = take(entry);
    if (taken !== undefined) await taken;
  }
}

async function readPlain(
  req: IncomingMessage,
  { maxBytes, take, reader }: { maxBytes: number; take: TakeEntry; reader: EntryReader },
): Promise<void> {
  let size = 0;
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Uint8Array)) throw new Error('the body does not come as bytes');
    size += chunk.length;
    if (size > maxBytes) throw new TooLarge();
    await takeAll(reader.push(chunk), take);
  }
  await takeAll(reader.end(), take);
}

function parserOf(req: IncomingMessage): busboy.Busboy {
  try {
    return busboy({ headers: req.headers, limits: { files: 100, fields: 100, fieldSize: 10_000 } });
  } catch {
    // It throws for what it cannot read in the headers, a missing boundary above all.
    throw new MalformedImport('the content type names no boundary');
  }
}

async function readFile(file: Readable, info: busboy.FileInfo, take: TakeEntry): Promise<void> {
  const json = isJson(info.mimeType) || /\.json$/i.test(info.filename ?? '');
  const reader = readerOf(json ? 'json' : 'text');
  for await (const chunk of file) {
    if (!(chunk instanceof Uint8Array)) throw new Error('the file does not come as bytes');
    await takeAll(reader.push(chunk), take);
  }
  await takeAll(reader.end(), take);
}

function readFiles(
  req: IncomingMessage,
  { maxBytes, take }: { maxBytes: number; take: TakeEntry },
): Promise<void> {
  const parser = parserOf(req);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let files = 0;
  let size = 0;
  let reading = Promise.resolve();
  const fail = (error: unknown): void => {
    req.unpipe(parser);
    reject(error instanceof Error ? error : new Error(String(error)));
    parser.destroy();
  };
  parser.on('file', (_name, file, info) => {
    files += 1;
    // Stays, for a parser that is destroyed destroys its files too.
    file.on('error', fail);
    reading = reading.then(() => readFile(file, info, take));
    reading.catch(fail);
  });
  // What it emits are faults of the form; ours reject through `reading`.
  parser.on('error', () => fail(new MalformedImport('the form is broken')));
  parser.on('close', () => {
    if (files === 0) fail(new MalformedImport('is required: a file with keys', 'file'));
    else reading.then(resolve, fail);
  });
  req.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) fail(new TooLarge());
  });
  req.on('close', () => {
    if (!req.complete) fail(new Gone());
  });
  req.pipe(parser);
  return promise;
}
