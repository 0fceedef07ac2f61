import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger, type LoggerOptions } from './logger.ts';
import { openRotatingFile } from './rotating-file.ts';
import { scrubText } from './scrub.ts';

let folder = '';
let lines: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keymux-logger-'));
  lines = [];
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const logger = (options: Partial<LoggerOptions> = {}) =>
  createLogger({
    service: 'gateway',
    level: 'info',
    format: 'json',
    write: (line) => lines.push(line),
    ...options,
  });

const secrets = [
  'sk-proj-abcdefghijklmnop',
  'sk-ant-api03-abcdefghijkl',
  `AIza${'SyA1234567890abcdefghijklmnop'}`,
];

describe('the logger', () => {
  it('writes JSON with time, level, service and message', () => {
    logger().info({ group: 'team-a' }, 'group changed');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 30,
      service: 'gateway',
      group: 'team-a',
      msg: 'group changed',
      time: expect.any(Number),
    });
  });

  it('writes text that a person reads', () => {
    logger({ format: 'text' }).warn({ group: 'team-a', note: 'two words' }, 'key cooled');
    expect(lines[0]).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d WARN {2}gateway: key cooled group=team-a note="two words"\n$/,
    );
  });

  it('puts the stack of an error below its line', () => {
    logger({ format: 'text' }).error({ err: new Error('no such luck') }, 'flush failed');
    const [first, ...below] = (lines[0] ?? '').split('\n');
    expect(first).toMatch(/ERROR gateway: flush failed \(no such luck\)$/);
    expect(below[0]).toBe('    Error: no such luck');
    expect(below[1]).toMatch(/^ {4}at /);
  });

  it('lets nobody forge a line', () => {
    logger({ format: 'text' }).info({ agent: 'x\nFATAL' }, 'a\n2026 FATAL b');
    expect(lines.join('').split('\n')).toHaveLength(2);
  });

  it('keeps quiet below its level', () => {
    logger({ level: 'warn' }).info('hello');
    expect(lines).toEqual([]);
  });

  it.each(['json', 'text'] as const)('lets no secret out, wherever it stands (%s)', (format) => {
    const log = logger({ format });
    for (const secret of secrets) {
      log.info(`the key ${secret} failed`);
      log.info({ headers: { Authorization: `Bearer ${secret}`, cookie: secret } }, 'request');
      log.info({ deep: { er: [{ still: { deeper: secret, url: `/x?key=${secret}&a=b` } }] } }, 'x');
      log.error({ err: new Error(`upstream said ${secret}`, { cause: new Error(secret) }) }, 'x');
      log.child({ secret }).info('x');
      log.info({ key: 'shortone', sealed: 'v1.abc', auth_key: 'hunter2' }, 'x');
    }
    const all = lines.join('');
    for (const secret of [...secrets, 'shortone', 'hunter2', 'v1.abc']) {
      expect(all).not.toContain(secret);
    }
    expect(all).toContain('&a=b');
  });

  it('appends the same lines to a file', () => {
    const filePath = join(folder, 'logs', 'keymux.log');
    logger({ filePath }).info('hello');
    expect(readFileSync(filePath, 'utf8')).toBe(lines[0]);
  });

  it('goes on when the file cannot be written, and says so', () => {
    writeFileSync(join(folder, 'file'), '');
    const log = logger({ filePath: join(folder, 'file', 'keymux.log') });
    log.info('hello');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('cannot write the log file');
  });
});

describe('scrubText', () => {
  it.each([
    ['GET /v1?key=abcdef123&alt=sse', 'GET /v1?key=[redacted]&alt=sse'],
    ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer [redacted]'],
    ['http://user:pass@proxy:3128/', 'http://[redacted]@proxy:3128/'],
    ['{"api_key":"abcdef","model":"m"}', '{"api_key":"[redacted]","model":"m"}'],
    ['{\\"auth_key\\":\\"abcdef\\"}', '{\\"auth_key\\":\\"[redacted]\\"}'],
    ['key sk-abc…wxyz failed', 'key sk-abc…wxyz failed'],
    ['key: sk-abc…wxyz failed', 'key: sk-abc…wxyz failed'],
    ['model gpt-5 in group team-a', 'model gpt-5 in group team-a'],
    [
      'this says nothing of the key: HTTP 503: busy',
      'this says nothing of the key: HTTP 503: busy',
    ],
    ['invalid API key: expired.', 'invalid API key: expired.'],
    ['using Bearer auth (Bearer YOUR_KEY)', 'using Bearer auth (Bearer [redacted])'],
    ['Bearer changeme, AUTH_KEY: changeme', 'Bearer [redacted], AUTH_KEY: [redacted]'],
    ['the key: aBcDeFgHiJkL', 'the key: [redacted]'],
    ['{"key": "changeme"} key=changeme', '{"key": "[redacted]"} key=[redacted]'],
  ])('%s → %s', (text, expected) => {
    expect(scrubText(text)).toBe(expected);
  });

  it('leaves no key of a provider in any text', () => {
    fc.assert(
      fc.property(fc.string(), fc.stringMatching(/^sk-[\w-]{20,40}$/), fc.string(), (a, key, b) => {
        expect(scrubText(`${a} ${key} ${b}`)).not.toContain(key);
      }),
    );
  });
});

describe('scrubText, of names of secrets in sentences', () => {
  const name = fc.constantFrom('key', 'the API key', 'Key', 'token', 'secret', 'its TOKEN');

  it('hides no ordinary word behind them', () => {
    const word = fc.stringMatching(/^(?:[a-z]{2,16}|[A-Z][a-z]{1,15}|[A-Z]{2,16})$/);
    fc.assert(
      fc.property(name, word, fc.constantFrom('', '.', ':', ' 503: busy'), (named, said, end) => {
        const text = `nothing of ${named}: ${said}${end}`;
        expect(scrubText(text)).toBe(text);
      }),
    );
  });

  it('hides what is no word, and whatever a field or a parameter holds', () => {
    const secret = fc
      .stringMatching(/^[\w.~+/=-]{8,60}$/)
      .filter((one) => /[\d_]/.test(one) || one.length > 20);
    const any = fc.stringMatching(/^[A-Za-z]{4,60}$/);
    const field = fc.constantFrom('key=', 'api_key: ', 'x-api-key: ', '"token": "', 'password: ');
    fc.assert(
      fc.property(name, secret, (named, one) => {
        expect(scrubText(`nothing of ${named}: ${one}`)).not.toContain(one);
      }),
    );
    fc.assert(
      fc.property(field, any, (named, one) => {
        expect(scrubText(`?${named}${one}`)).toMatch(/\[redacted\]$/);
      }),
    );
  });
});

describe('a rotating file', () => {
  const contents = () =>
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'utf8')]);

  it('starts a new file by size and keeps the last few', () => {
    const file = openRotatingFile({ path: join(folder, 'log'), maxBytes: 10, keep: 2 });
    for (const line of ['11111\n', '22222\n', '33333\n', '44444\n']) file.write(line);
    file.close();
    expect(contents()).toEqual([
      ['log', '44444\n'],
      ['log.1', '33333\n'],
      ['log.2', '22222\n'],
    ]);
  });

  it('goes on with a file that exists, and follows a rotation by another writer', () => {
    const options = { path: join(folder, 'log'), maxBytes: 12, keep: 3 };
    const one = openRotatingFile(options);
    const two = openRotatingFile(options);
    one.write('11111\n');
    two.write('22222\n');
    one.write('33333\n');
    two.write('44444\n');
    one.close();
    two.close();
    expect(contents()).toEqual([
      ['log', '33333\n44444\n'],
      ['log.1', '11111\n22222\n'],
    ]);
  });

  it('makes the file again when somebody deleted it', () => {
    const file = openRotatingFile({ path: join(folder, 'log') });
    rmSync(join(folder, 'log'));
    file.write('hello\n');
    file.close();
    expect(contents()).toEqual([['log', 'hello\n']]);
  });
});
