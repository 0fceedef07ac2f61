import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TopLevelScan } from './top-level-json.ts';

function readBytes(bytes: Uint8Array) {
  const scan = new TopLevelScan();
  scan.feed(bytes);
  return scan.found;
}
const read = (text: string) => readBytes(Buffer.from(text));

const tricky = ['a\\', '\\"', '"\\"', '中', '\\'];

describe('reading model and stream of a body', () => {
  it('finds both wherever they stand', () => {
    expect(
      read('{"messages":[{"content":"\\"model\\":\\"x\\""}],"model":"gpt","stream" : true}'),
    ).toEqual({
      model: 'gpt',
      stream: true,
    });
  });

  it('does not take fields of nested objects', () => {
    expect(read('{"a":{"model":"x","stream":true},"b":[{"model":"y"}]}')).toEqual({
      model: null,
      stream: null,
    });
  });

  it('reads what a prefix of a body has', () => {
    expect(read('{"model":"gpt","messages":[{"content":"aaaaaaaa')).toEqual({
      model: 'gpt',
      stream: null,
    });
  });

  it('reads nothing out of what is not a JSON object', () => {
    for (const text of [
      '',
      '[]',
      'null',
      '--boundary',
      '{',
      '{"model"',
      '{"model":',
      '{"model":"\\u12"}',
    ]) {
      expect(read(text).model).toBeNull();
    }
  });

  it('agrees with JSON.parse on every object', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('model', 'stream')), fc.jsonValue()),
        fc.constantFrom(undefined, 2),
        (object, indent) => {
          const text = JSON.stringify(object, null, indent);
          const parsed: Record<string, unknown> = JSON.parse(text);
          expect(read(text)).toEqual({
            model: typeof parsed['model'] === 'string' ? parsed['model'] : null,
            stream: typeof parsed['stream'] === 'boolean' ? parsed['stream'] : null,
          });
        },
      ),
    );
  });

  it('finds the same in whatever pieces a body comes', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.oneof(fc.string(), fc.constantFrom('model', 'stream')),
          fc.oneof(
            fc.jsonValue(),
            fc.constantFrom(...tricky, true, { model: [tricky, {}, [tricky]] }),
          ),
        ),
        fc.integer({ min: 1, max: 7 }),
        (object, size) => {
          const bytes = Buffer.from(JSON.stringify(object));
          const scan = new TopLevelScan();
          for (let at = 0; at < bytes.length; at += size) scan.feed(bytes.subarray(at, at + size));
          const { model = null, stream = null } = object;
          expect(scan.found).toEqual({
            model: typeof model === 'string' ? model : null,
            stream: typeof stream === 'boolean' ? stream : null,
          });
        },
      ),
    );
  });

  it('never throws on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const braced = Buffer.concat([Buffer.from('{"model":'), bytes]);
        expect(() => readBytes(braced)).not.toThrow();
      }),
    );
  });
});
