import { connect, type Socket } from 'node:net';

/** An answer as it stood on the wire. */
export interface WireReply {
  readonly statusLine: string;
  /** Names and values in order and case. */
  readonly headers: readonly (readonly [string, string])[];
  /** The bodies of HTTP chunks, or the parts in which a body of known length came. */
  readonly chunks: readonly Buffer[];
  readonly body: Buffer;
  /** Whether the framing came to its end. */
  readonly complete: boolean;
}

export interface WireRequest {
  readonly port: number;
  readonly method?: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: Buffer | string;
  /** Told of each chunk as it comes. */
  readonly onChunk?: (chunk: Buffer) => void;
}

/** Sends a request byte for byte as it is given and takes the answer apart without interpreting it. */
export function askOnWire(request: WireRequest): Promise<WireReply> {
  const { headers, body = '' } = request;
  const lines = [
    `${request.method ?? 'GET'} ${request.target} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body.length === 0 ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const bytes = Buffer.concat([head, Buffer.from(body)]);
  return sendOnWire(request.port, bytes, request.onChunk);
}

/** Sends bytes and reads one answer. */
export function sendOnWire(
  port: number,
  bytes: Buffer,
  onChunk: (chunk: Buffer) => void = () => undefined,
): Promise<WireReply> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1');
    const reader = createReader(onChunk);
    const settle = () => {
      socket.destroy();
      const reply = reader.reply();
      if (reply === undefined) reject(new Error('the connection ended without an answer'));
      else resolve(reply);
    };
    socket.on('error', settle);
    socket.on('close', settle);
    socket.on('data', (data: Buffer) => {
      reader.feed(data);
      if (reader.done()) settle();
    });
    socket.write(bytes);
  });
}

function createReader(onChunk: (chunk: Buffer) => void) {
  let buffered: Buffer = Buffer.alloc(0);
  let head: { statusLine: string; headers: [string, string][] } | undefined;
  let framing: 'chunked' | 'until-close' | number = 'until-close';
  let received = 0;
  let done = false;
  const chunks: Buffer[] = [];

  function take(chunk: Buffer): void {
    chunks.push(chunk);
    received += chunk.length;
    onChunk(chunk);
  }

  function readHead(): boolean {
    const end = buffered.indexOf('\r\n\r\n');
    if (end === -1) return false;
    const [statusLine = '', ...lines] = buffered.toString('latin1', 0, end).split('\r\n');
    buffered = buffered.subarray(end + 4);
    if (/^HTTP\/1\.1 1\d\d/.test(statusLine)) return readHead();
    const headers = lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    const value = (name: string) => headers.find(([each]) => each.toLowerCase() === name)?.[1];
    head = { statusLine, headers };
    if (/chunked/i.test(value('transfer-encoding') ?? '')) framing = 'chunked';
    else if (value('content-length') !== undefined) framing = Number(value('content-length'));
    else if (/ (204|304) /.test(statusLine)) framing = 0;
    return true;
  }

  function readChunked(): void {
    for (;;) {
      const lineEnd = buffered.indexOf('\r\n');
      if (lineEnd === -1) return;
      const size = Number.parseInt(buffered.toString('latin1', 0, lineEnd), 16);
      if (buffered.length < lineEnd + 2 + size + 2) return;
      const chunk = buffered.subarray(lineEnd + 2, lineEnd + 2 + size);
      buffered = buffered.subarray(lineEnd + 2 + size + 2);
      if (size === 0) {
        done = true;
        return;
      }
      take(Buffer.from(chunk));
    }
  }

  return {
    feed(data: Buffer): void {
      buffered = Buffer.concat([buffered, data]);
      if (head === undefined && !readHead()) return;
      if (framing === 'chunked') {
        readChunked();
        return;
      }
      if (buffered.length > 0) take(Buffer.from(buffered));
      buffered = Buffer.alloc(0);
      if (typeof framing === 'number' && received >= framing) done = true;
    },
    done: () => done,
    reply(): WireReply | undefined {
      if (head === undefined) return undefined;
      const complete = done || framing === 'until-close';
      return { ...head, chunks, body: Buffer.concat(chunks), complete };
    },
  };
}
