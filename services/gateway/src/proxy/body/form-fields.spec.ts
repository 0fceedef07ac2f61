import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundaryOf, FormScan } from './form-fields.ts';

function read(bytes: Uint8Array, boundary: string, size = bytes.length) {
  const scan = new FormScan(boundary);
  for (let at = 0; at < bytes.length; at += size) scan.feed(bytes.subarray(at, at + size));
  return scan.found;
}

async function bytesOf(form: FormData): Promise<{ bytes: Buffer; boundary: string }> {
  const response = new Response(form);
  const boundary = boundaryOf(response.headers.get('content-type') ?? '');
  if (boundary === null) throw new Error('a form has a boundary');
  return { bytes: Buffer.from(await response.arrayBuffer()), boundary };
}

describe('reading model and stream of a form', () => {
  it('finds them in whatever pieces it comes, and where the model stands', async () => {
    const form = new FormData();
    form.append('file', new File(['\r\n--almost\r\n\r\nmodel'], 'model', { type: 'audio/wav' }));
    form.append('model', 'wh\u00ecsper');
    form.append('stream', 'true');
    const { bytes, boundary } = await bytesOf(form);
    for (const size of [1, 2, 3, 7, 64, 100_000]) {
      const { model, stream, modelAt = { from: 0, to: 0 } } = read(bytes, boundary, size);
      expect({ model, stream }).toEqual({ model: 'wh\u00ecsper', stream: true });
      expect(bytes.toString('utf8', modelAt.from, modelAt.to)).toBe('wh\u00ecsper');
    }
  });

  it('takes no file for a field, nor a name of another', async () => {
    const form = new FormData();
    form.append('model', new File(['a'], 'a'));
    form.append('models', 'b');
    form.append('x', 'model');
    const { bytes, boundary } = await bytesOf(form);
    expect(read(bytes, boundary)).toEqual({ model: null, stream: null });
  });

  it('agrees with the form, whatever its fields are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(fc.constantFrom('model', 'stream', 'prompt'), fc.string({ maxLength: 300 })),
          { maxLength: 6 },
        ),
        fc.integer({ min: 1, max: 90 }),
        async (fields, size) => {
          const form = new FormData();
          for (const [name, value] of fields) form.append(name, value);
          const { bytes, boundary } = await bytesOf(form);
          // What stands in the body: line ends are made alike there.
          const parsed = await new Response(new Uint8Array(bytes), {
            headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
          }).formData();
          const stream = parsed.getAll('stream').at(-1);
          expect(read(bytes, boundary, size)).toMatchObject({
            model: parsed.getAll('model').at(-1) ?? null,
            stream: stream === undefined ? null : stream === 'true',
          });
        },
      ),
    );
  });

  it('reads what a prefix has, and nothing of a value that goes on', () => {
    const text =
      '--b\r\nContent-Disposition: form-data; name=model\r\n\r\nm\r\n--b\r\ncontent-disposition:form-data;name="stream"\r\n\r\ntr';
    expect(read(Buffer.from(text), 'b')).toMatchObject({ model: 'm', stream: null });
  });

  it('reads no value that is longer than a name of a model', () => {
    const text = `--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n${'m'.repeat(1_001)}\r\n--b--`;
    for (const size of [100, 10_000]) expect(read(Buffer.from(text), 'b', size).model).toBeNull();
  });

  it('never throws on any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 1, max: 50 }),
        (more, size) => {
          const begun = Buffer.from('--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n');
          expect(() => read(Buffer.concat([begun, more]), 'b', size)).not.toThrow();
        },
      ),
    );
  });
});

describe('the boundary of a form', () => {
  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['Multipart/Form-Data;charset=utf-8; BOUNDARY="a b;c"', 'a b;c'],
    ['multipart/form-data', null],
    ['multipart/related; boundary=abc', null],
    ['application/json', null],
  ])('of %s is %s', (type, boundary) => {
    expect(boundaryOf(type)).toBe(boundary);
  });
});
