import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, type EntryReader, MalformedImport } from './entry.ts';
import { createJsonReader } from './read-json.ts';
import { createTextReader } from './read-text.ts';

function readAll(reader: EntryReader, bytes: Uint8Array, cuts: readonly number[] = []): Entry[] {
  const entries: Entry[] = [];
  const places = [...cuts, bytes.length].toSorted((a, b) => a - b);
  let from = 0;
  for (const to of places) {
    entries.push(...reader.push(bytes.subarray(from, to)));
    from = to;
  }
  return [...entries, ...reader.end()];
}
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (input: string) => readAll(createTextReader(), bytesOf(input));
const json = (input: string) => readAll(createJsonReader(), bytesOf(input));
const shortOf = (entries: readonly Entry[]) =>
  entries.map((entry) => (entry.kind === 'key' ? entry.secret : `!${entry.line}`));

describe('text', () => {
  it.each([
    ['', []],
    ['\n \t,;\r\n', []],
    ['a', ['a']],
    ['a\nb\r\nc,d;e f\tg', ['a', 'b', 'c', 'd', 'e', 'f', 'g']],
    ['\ufeffa\nb', ['a', 'b']],
    ['# ours, all of them\na # new\n#b\n  # c\nd#e,#f,g\nh', ['a', 'd#e', 'h']],
    ['"#a" #', ['#a']],
    ['SECRET_KEY=sk-a\nMY_KEY="sk-b"\nQUJD=x\nsk_a=b', ['!1', '!2', 'QUJD=x', 'sk_a=b']],
    ['secret_key=a\nSTRIPE_API_KEY=b\nOPENAI_BASE_URL=https://x\nid:c', ['!1', '!2', '!3', 'id:c']],
    [
      'OPENAI_API_KEY=sk-a\nexport OPENAI_API_KEY="sk-b"\nset GEMINI_API_KEY=c',
      ['sk-a', 'sk-b', 'c'],
    ],
    [
      'OPENAI_API_KEY_2=a\napi_key = "b"\n$env:API_KEY="c" key:d token: e',
      ['a', 'b', 'c', 'd', 'e'],
    ],
    [
      'Bearer sk-a\nAuthorization: Bearer sk-b\n"Authorization: Bearer sk-c"',
      ['sk-a', 'sk-b', 'sk-c'],
    ],
    ['Authorization:Bearer sk-a\nx-api-key: sk-b\nauthorization : sk-c', ['sk-a', 'sk-b', 'sk-c']],
    ['Content-Type: application/json\nhost: a "b c" d, key: e # f', ['!1', '!2', 'e']],
    ['Bearer\nsk-a, api_key, sk-b', ['!1', 'sk-a', '!2', 'sk-b']],
    ['export', ['!1']],
    ['"a","b"\n\'c\'', ['a', 'b', 'c']],
    ['"" \'\' a', ['a']],
    ['"a b"\nc', ['!1', 'c']],
    ['"a\nb', ['!1', 'b']],
    ['"a"b c', ['!1', 'c']],
    ['a"b', ['!1']],
    ['a\u0000b\nc', ['!1', 'c']],
    ['k\u00e9y\uff0cb', ['!1']],
    ['x'.repeat(1000), ['x'.repeat(1000)]],
    [`a\n${'x'.repeat(1001)}\nb`, ['a', '!2', 'b']],
    [`${'x'.repeat(500_000)} b`, ['!1', 'b']],
    ['- a\n* b\n[]', ['!1', 'a', '!2', 'b', '!3']],
    ['a\u00a0\n\u200bb\u200b', ['a', 'b']],
    ['api_key\r\na\r\nb c', ['a', 'b', 'c']],
    ['# all\n\n"Key"\na"', ['!4']],
    ['["a", "b"]', ['a', 'b']],
    ['[\n  "a",\n  "b"\n]\n', ['a', 'b']],
    [' {"keys":["a"]}', ['a']],
  ])('%j', (input, expected) => {
    expect(shortOf(text(input))).toEqual(expected);
  });

  it.each([
    ['id,name,key\n1,alice,sk-1\n2,"bob, junior",sk-2\n', ['sk-1', 'sk-2']],
    ['"API Key";"Note"\r\n"sk-1";"say ""hi""\nthere"\r\nsk-2;', ['sk-1', 'sk-2']],
    ['# mine\nname\tsecret\na\tsk-1\n\nb\t sk-2 \n', ['sk-1', 'sk-2']],
    ['token,note\n,none\nsk-1', ['!2', 'sk-1']],
    ['key,value\nOPENAI_API_KEY,sk-1\n', ['sk-1']],
    ['name,value\na,Bearer sk-1\nb,"OPENAI_API_KEY=sk-2"', ['sk-1', 'sk-2']],
    ['note,token\nnone\nx,sk 1\nx,' + 'x'.repeat(1001), ['!2', '!3', '!4']],
    ['sk-1,sk-2\nsk-key,key2', ['sk-1', 'sk-2', 'sk-key', 'key2']],
  ])('takes only the keys of a table: %j', (input, expected) => {
    expect(shortOf(text(input))).toEqual(expected);
  });

  it.each(['utf-16le', 'utf-16be'])('is read in %s, as Windows writes it', (encoding) => {
    const bytes = Buffer.from('\ufeffsk-1\r\nsk-2\r\n', 'utf16le');
    if (encoding === 'utf-16be') bytes.swap16();
    expect(shortOf(readAll(createTextReader(), bytes, [1, 2, 7]))).toEqual(['sk-1', 'sk-2']);
  });

  it('calls bytes that are not UTF-8 invalid, and goes on behind them', () => {
    const bytes = Uint8Array.of(0x61, 0x0a, 0xff, 0xfe, 0x0a, 0x62);
    expect(shortOf(readAll(createTextReader(), bytes))).toEqual(['a', '!2', 'b']);
  });

  it('never says what an invalid entry was', () => {
    const reasons = text('sk-secret\u0001x\n"sk secret"\nsk-"secret').map((entry) =>
      entry.kind === 'invalid' ? entry.reason : '',
    );
    expect(reasons.join()).not.toContain('secret');
  });
});

describe('JSON', () => {
  it.each([
    ['{"keys":[]}', []],
    [' {\n"keys" : [ "a" , "b" ] } \n', ['a', 'b']],
    [String.raw`{"keys":["\u0061\/b\"c", "", "d"]}`, ['!1', 'd']],
    ['["a","b"] ', ['a', 'b']],
    ['[]', []],
    ['{"keys":["a b","c\\n","' + 'x'.repeat(1001) + '","e"]}', ['!1', '!2', '!3', 'e']],
    ['[{"id":1,"key":"a","note":"b"},"c",{"note":"d"},{"api_key":""}]', ['a', 'c', '!3', '!4']],
    ['{"data":[{"key_value":"a"},{"more":[{"key":"b"}],"Token":"c"}],"total":2}', ['a', 'c']],
    ['{"object":"list","keys":[{"secret":"a","key":7}],"page":{"keys":["b"]}}', ['a']],
    ['{"key":"of the list","items":["a"]}', ['a']],
    ['{"api_key":"a"}\n\n{"note":"b"}\r\n{"apiKey":"c d"}\n', ['a', '!3', '!4']],
    ['{"note":"a"}\n{"key":"b","data":{}}\n["c"]', ['!1', 'b', 'c']],
    ['{"key":"OPENAI_API_KEY","value":"a"} {"key":"b","value":3}', ['a', 'b']],
    ['[{"key":"Bearer a"},{"key":"x","token":"y"}]', ['a', 'x']],
    [`{"keys":["${'x'.repeat(100_000)}", "a"]}`, ['!1', 'a']],
    [`[{"note":"${'\\"'.repeat(50_000)}","key":"a","n":[-1.5e3,true,null,{}]}]`, ['a']],
  ])('%j', (input, expected) => {
    expect(shortOf(json(input))).toEqual(expected);
  });

  it.each([
    ['', null],
    ['{', null],
    ['{"keys"', null],
    ['{"keys":["a"', null],
    ['{"keys":["a]}', null],
    ['{"keys":["a",]}', null],
    ['{"keys":["a" "b"]}', null],
    ['{"keys":["a"]}}', null],
    ['{"keys":["\\x"]}', null],
    ['{"keys":"a"}', 'keys'],
    ['{"keys":[["a"]]}', 'keys[0]'],
    ['{"keys":["a",1]}', 'keys[1]'],
    ['{}', 'keys'],
    ['{"kays":[]}', 'kays'],
    ['["a"', null],
    ['["a"]}', null],
    ['{"data":[{"key":"a"},null]}', 'data[1]'],
    ['{"total":1,"rows":[],"more":[]}', 'rows'],
    ['{"key":""}', 'key'],
    ['{"data":{"key":"a"}}', 'data'],
    ['[{"key":"a"},]', null],
    ['{"key":"a",}', null],
    ['{"key":"a"},{"key":"b"}', null],
    ['{"key" "a"}', null],
    ['{"key":"a"]', null],
    ['{"key":nul}', null],
    ['{"key":01}', null],
    ['{"n":1', null],
    ['{"key":"a\nb"}', null],
    ['"a"', 'body'],
    ['['.repeat(200), 'keys[0]'],
    [`{"a":${'['.repeat(200)}`, null],
    ['nonsense', 'body'],
  ])('refuses %j', (input, field) => {
    const read = () => json(input);
    expect(read).toThrow(MalformedImport);
    expect(read).toThrow(expect.objectContaining({ field }));
  });
});

it('names the line of what is not JSON, and says nothing of what is in it', () => {
  const lines = '{"key":"sk-secret"}\n{"key":"sk-secret}\n{"key":"sk-secret"}';
  expect(() => text(lines)).toThrow('a string in line 2 is not JSON');
  expect(() => text('# mine\n{"key":"a"}\n{"key":"b"')).toThrow('ends in the middle');
  expect(() => text('# mine\n{"key":"a"}\n{"key":b}')).toThrow('line 3 is not JSON');
});

/** What is read, or why nothing is. */
function resultOf(...about: Parameters<typeof readAll>): readonly Entry[] | string {
  try {
    return readAll(...about);
  } catch (error) {
    if (error instanceof MalformedImport) return error.message;
    throw error;
  }
}

it('reads the same wherever the bytes are cut', () => {
  const pieces = fc.constantFrom(
    'a',
    'key',
    '"',
    "'",
    ' ',
    '\n',
    '\r\n',
    ',',
    ';',
    '\u00e9',
    '\u{1f511}',
    '\\',
    '\ufeff',
    '[',
    'key,x\n',
    '#',
    'Bearer ',
    'api_key=',
    'host: ',
    '{"key":"',
    '"}',
  );
  fc.assert(
    fc.property(fc.array(pieces), fc.array(fc.nat(60)), (parts, cuts) => {
      const plain = parts.join('');
      for (const [make, bytes] of [
        [createTextReader, bytesOf(plain)],
        [createJsonReader, bytesOf(JSON.stringify({ keys: plain.split(' ') }))],
        [createJsonReader, bytesOf(JSON.stringify([{ n: [1.5, null], [plain]: 1, key: plain }]))],
      ] as const) {
        const places = cuts.map((cut) => Math.min(cut, bytes.length));
        expect(resultOf(make(), bytes, places)).toEqual(resultOf(make(), bytes));
      }
    }),
  );
});
