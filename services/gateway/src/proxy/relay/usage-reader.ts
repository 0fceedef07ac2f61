import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
  type Zlib,
} from 'node:zlib';
import type { Transform } from 'node:stream';
import { createUsageScanner, type ScanResult, type UsageScanner } from '@keymux/channels';
import type { ChannelName } from '@keymux/contracts';
import type { ResponseHeaders } from '../headers/response-headers.ts';

/** Reads usage off an answer on its way to the client. */
export interface UsageReader {
  feed(chunk: Buffer): void;
  soFar(): ScanResult | null;
  /** A first event has begun and is not complete: it may still be an error. */
  readonly undecided: boolean;
  /** Whether the chunk has the event that ends the stream, by the channel's format. */
  endsStream(chunk: Buffer): boolean;
  /** All was fed; calls back when all was read. */
  end(done: (result: ScanResult | null) => void): void;
  close(): void;
}

/** For answers that have no usage: files, pictures, redirects. */
const nothingToRead: UsageReader = {
  feed: () => undefined,
  soFar: () => null,
  undecided: false,
  endsStream: () => false,
  end: (done) => done(null),
  close: () => undefined,
};

/** What the last event of a stream has; Gemini's streams just end. */
const streamEnds: Readonly<Record<ChannelName, readonly Buffer[]>> = {
  openai: marks('data: [DONE]', 'data:[DONE]'),
  'openai-response': marks('event: response.completed', 'data: [DONE]'),
  gemini: marks('data: [DONE]'),
  anthropic: marks('event: message_stop'),
};

function marks(...texts: string[]): Buffer[] {
  return texts.map((text) => Buffer.from(text));
}

/** A reader for an answer with these headers. */
export function createUsageReader(channel: ChannelName, headers: ResponseHeaders): UsageReader {
  const type = headers.contentType ?? '';
  const streaming = type.startsWith('text/event-stream');
  if (!streaming && !type.includes('json')) return nothingToRead;
  const scanner = createUsageScanner(channel, { streaming });
  const decoder = decoderFor(headers.contentEncoding);
  if (decoder !== null) return decodingReader(scanner, decoder);
  return new PlainReader(scanner, streaming ? streamEnds[channel] : null);
}

class PlainReader implements UsageReader {
  readonly #scanner: UsageScanner;
  readonly #marks: readonly Buffer[] | null;

  constructor(scanner: UsageScanner, marks: readonly Buffer[] | null) {
    this.#scanner = scanner;
    this.#marks = marks;
  }

  feed(chunk: Buffer): void {
    this.#scanner.feed(chunk);
  }

  soFar(): ScanResult {
    return this.#scanner.soFar();
  }

  get undecided(): boolean {
    return this.#marks !== null && !this.#scanner.sawContent && this.#scanner.midEvent;
  }

  endsStream(chunk: Buffer): boolean {
    if (this.#marks === null) return false;
    for (const mark of this.#marks) if (chunk.includes(mark)) return true;
    return false;
  }

  end(done: (result: ScanResult | null) => void): void {
    done(this.#scanner.end());
  }

  close(): void {}
}

function decodingReader(scanner: UsageScanner, decoder: Transform & Zlib): UsageReader {
  let broken = false;
  decoder.on('data', (chunk: Buffer) => scanner.feed(chunk));
  // What cannot be decoded is the client's to judge; only its usage stays unknown.
  decoder.on('error', () => {
    broken = true;
    decoder.destroy();
  });
  return {
    feed: (chunk) => {
      if (!broken) decoder.write(chunk);
    },
    soFar: () => scanner.soFar(),
    undecided: false,
    endsStream: () => false,
    end: (done) => {
      const settle = (): void => {
        decoder.off('end', settle);
        decoder.off('close', settle);
        done(scanner.end());
      };
      if (broken || decoder.destroyed) settle();
      else {
        decoder.on('end', settle);
        decoder.on('close', settle);
        decoder.end();
      }
    },
    close: () => decoder.destroy(),
  };
}

function decoderFor(encoding: string | null): (Transform & Zlib) | null {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'br':
      return createBrotliDecompress();
    case 'deflate':
      return createInflate();
    case 'zstd':
      return createZstdDecompress();
    default:
      return null;
  }
}
