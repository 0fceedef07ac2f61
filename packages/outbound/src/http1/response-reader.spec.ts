import { createServer, type Socket } from 'node:net';
import { request } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listenOnLoopback } from '../../test/origin-server.ts';
import { ResponseReader } from './response-reader.ts';

interface Read {
  readonly status: number | null;
  readonly headers: readonly string[];
  readonly body: string;
  readonly pieces: number;
  /** Null: more must come. */
  readonly end: 'whole' | 'failed' | null;
  readonly rest: string;
  readonly keepAlive: boolean | null;
}

/** Reads an answer that comes in these pieces, and then perhaps the end of the connection. */
function read(
  pieces: readonly Buffer[],
  { method = 'GET', upgrade = false, close = false } = {},
): Read {
  let status: number | null = null;
  let headers: readonly string[] = [];
  let keepAlive: boolean | null = null;
  let rest = '';
  let end: Read['end'] = null;
  const body: Buffer[] = [];
  const reader = new ResponseReader({
    head(head, framing) {
      ({ status, headers } = head);
      ({ keepAlive } = framing);
    },
    data: (chunk) => body.push(chunk),
    whole(behind) {
      end = 'whole';
      rest = behind.toString('latin1');
    },
  });
  reader.expect({ method, upgrade });
  try {
    for (const piece of pieces) {
      if (end === null) reader.read(piece);
      else rest += piece.toString('latin1');
    }
    if (close) reader.close();
  } catch (error) {
    expect(error).toMatchObject({ name: 'OutboundError' });
    end = 'failed';
  }
  const text = Buffer.concat(body).toString('latin1');
  return { status, headers, body: text, pieces: body.length, end, rest, keepAlive };
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const whole = (text: string, options?: Parameters<typeof read>[1]): Read =>
  read([bytes(text)], options);

const answers = [
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\nX-Two:  a b \r\nx-two: c\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x="y"\r\n0123456789\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n000\r\nx-trailer: 1\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 201 \r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 304\r\ncontent-length: 7\r\n\r\n',
  'HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\ncontent-length: 1\r\n\r\nx',
];

describe('reading an answer', () => {
  it.each(answers)('gives the same however it is cut: %j', (text) => {
    const { pieces: _pieces, ...expected } = whole(text);
    expect(expected).toMatchObject({ end: 'whole', rest: '' });
    const all = bytes(text);
    for (let first = 1; first < all.length; first += 1) {
      expect(read([all.subarray(0, first), all.subarray(first)])).toMatchObject(expected);
    }
    expect(read(Array.from(all, (byte) => Buffer.of(byte)))).toMatchObject(expected);
  });

  it('gives headers in their order and case, without the spaces around values', () => {
    expect(whole(answers[0] ?? '').headers).toEqual([
      'content-length',
      '5',
      'X-Two',
      'a b',
      'x-two',
      'c',
    ]);
  });

  it('tells each chunk by itself, and what there is of one that is not whole', () => {
    const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
    expect(whole(`${head}1\r\na\r\n2\r\nbc\r\n3\r\nd`)).toMatchObject({ body: 'abcd', pieces: 3 });
  });

  it('hands on a piece that is all body without a copy', () => {
    const told: Buffer[] = [];
    const reader = new ResponseReader({
      head: () => undefined,
      data: (chunk) => told.push(chunk),
      whole: () => undefined,
    });
    reader.expect({ method: 'GET', upgrade: false });
    reader.read(bytes('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n'));
    const piece = bytes('hello');
    reader.read(piece);
    expect(told[0]).toBe(piece);
  });

  it('takes an answer without a length to last until the connection ends', () => {
    const text = 'HTTP/1.1 200 OK\r\n\r\nall of it';
    expect(whole(text)).toMatchObject({ body: 'all of it', end: null, keepAlive: false });
    expect(whole(text, { close: true })).toMatchObject({ body: 'all of it', end: 'whole' });
  });

  it('takes the answer to HEAD to have no body, whatever its length says', () => {
    const text = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n';
    expect(whole(text, { method: 'HEAD' })).toMatchObject({ body: '', end: 'whole' });
  });

  it('gives what comes behind an answer back', () => {
    expect(whole(`${answers[0]}HTTP/1.1`)).toMatchObject({ body: 'hello', rest: 'HTTP/1.1' });
    const switched = 'HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n\0\x01';
    expect(whole(switched, { upgrade: true })).toMatchObject({ status: 101, rest: '\0\x01' });
  });

  it.each([
    ['HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx', true],
    ['HTTP/1.1 200 OK\r\nconnection: foo, Close\r\ncontent-length: 1\r\n\r\nx', false],
    ['HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx', false],
  ])('knows whether the connection is kept: %j', (text, keepAlive) => {
    expect(whole(text).keepAlive).toBe(keepAlive);
  });

  it.each([
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n',
    'HTTP/1.1 200 OK\r\nx: y',
    'HTTP/1.1 100 Continue\r\n\r\n',
    '',
  ])('says that an answer is cut off: %j', (text) => {
    expect(read(text === '' ? [] : [bytes(text)])).toMatchObject({ end: null });
    expect(read(text === '' ? [] : [bytes(text)], { close: true }).end).toBe('failed');
  });

  it.each([
    'HTTP/2 200 OK\r\n\r\n',
    'HTTP/1.2 200 OK\r\n\r\n',
    'ICY 200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP/1.1  200 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
    'HTTP/1.1 200 OK\r\n: no name\r\n\r\n',
    'HTTP/1.1 200 OK\r\nspace : before\r\n\r\n',
    'HTTP/1.1 200 OK\r\nx: folded\r\n line\r\n\r\n',
    'HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n',
    'HTTP/1.1 200 OK\r\nx: a\rb\r\n\r\n',
    'HTTP/1.1 200 OK\nx: y\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\nx',
    'HTTP/1.1 200 OK\r\ncontent-length: 1, 1\r\n\r\nx',
    'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 0x1\r\n\r\nx',
    'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1 1\r\nx\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\nx\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nxy\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffff\r\n',
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;${'x'.repeat(20_000)}`,
    `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}`,
    'HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n',
  ])('refuses what is no answer, or could be read in two ways: %j', (text) => {
    expect(whole(text).end).toBe('failed');
  });

  it('tells nothing while it is paused, and all of it after that', () => {
    const told: string[] = [];
    const reader: ResponseReader = new ResponseReader({
      head: () => told.push('head'),
      data(chunk) {
        told.push(chunk.toString());
        reader.pause();
      },
      whole: () => told.push('whole'),
    });
    reader.expect({ method: 'GET', upgrade: false });
    reader.read(bytes('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n'));
    expect(told).toEqual(['head', 'a']);
    reader.read(bytes('0\r\n\r\n'));
    expect(told).toEqual(['head', 'a']);
    reader.resume();
    expect(told).toEqual(['head', 'a', 'b']);
    reader.resume();
    expect(told).toEqual(['head', 'a', 'b', 'whole']);
  });

  it('tells nothing after it was stopped in the middle', () => {
    const told: string[] = [];
    const reader: ResponseReader = new ResponseReader({
      head: () => told.push('head'),
      data(chunk) {
        told.push(chunk.toString());
        reader.stop();
      },
      whole: () => told.push('whole'),
    });
    reader.expect({ method: 'GET', upgrade: false });
    reader.read(bytes('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx'));
    expect(told).toEqual(['head', 'x']);
  });
});

describe("beside Node's own reader", () => {
  it('never reads another answer out of the same bytes, however they are garbled', async () => {
    const sent: { bytes: Buffer; socket: Socket | null } = { bytes: bytes(''), socket: null };
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () => socket.end(sent.bytes));
    });
    const port = await listenOnLoopback(server);
    const garbled = fc
      .tuple(
        fc.constantFrom(...answers, 'HTTP/1.1 200 OK\r\n\r\nto the end'),
        fc.array(
          fc.tuple(
            fc.nat(300),
            fc.constantFrom('', '\r', '\n', '\r\n', ' ', ':', '0', '1', 'a', ';', '\0', '\t', 'ÿ'),
            fc.nat(2),
          ),
          { maxLength: 3 },
        ),
      )
      .map(([text, changes]) =>
        changes.reduce((now, [place, put, cut]) => {
          const at = place % (now.length + 1);
          return now.slice(0, at) + put + now.slice(at + cut);
        }, text),
      );
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(garbled, async (text) => {
        sent.bytes = bytes(text);
        const theirs = await nodesOwn(port);
        const ours = whole(text, { close: true });
        // What one of them refuses reaches nobody in two readings.
        if (theirs === null || ours.end !== 'whole') return;
        compared += 1;
        expect({ status: ours.status, body: ours.body, headers: ours.headers }).toEqual(theirs);
      }),
      { numRuns: 500 },
    );
    await new Promise((resolve) => server.close(resolve));
    expect(compared).toBeGreaterThan(50);
  });
});

/** What `node:http` reads; null when it refuses. */
function nodesOwn(
  port: number,
): Promise<{ status: number; body: string; headers: readonly string[] } | null> {
  return new Promise((resolve) => {
    const asking = request({ host: '127.0.0.1', port, agent: false }, (answer) => {
      const body: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => body.push(chunk));
      answer.on('error', () => resolve(null));
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          body: Buffer.concat(body).toString('latin1'),
          headers: answer.rawHeaders,
        }),
      );
    });
    asking.on('error', () => resolve(null));
    asking.on('upgrade', (_answer, socket) => {
      socket.destroy();
      resolve(null);
    });
    asking.end();
  });
}
