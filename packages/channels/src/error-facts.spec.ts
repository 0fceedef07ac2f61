import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readErrorFacts } from './error-facts.ts';

const read = (body: unknown, status = 400) =>
  readErrorFacts(status, typeof body === 'string' ? body : JSON.stringify(body));

describe('what an error body says', () => {
  it('is read in the shape of each provider', () => {
    expect(read({ error: { message: 'm', type: 't', param: null, code: 'c' } })).toEqual({
      message: 'm',
      code: 'c',
      type: 't',
    });
    expect(read({ type: 'error', error: { type: 't', message: 'm' } })).toEqual({
      message: 'm',
      code: null,
      type: 't',
    });
    const gemini = {
      error: {
        code: 400,
        message: 'm',
        status: 'INVALID_ARGUMENT',
        details: [{ '@type': 'a' }, { '@type': 'b', reason: 'API_KEY_INVALID' }],
      },
    };
    expect(read(gemini)).toEqual({
      message: 'm',
      code: 'API_KEY_INVALID',
      type: 'INVALID_ARGUMENT',
    });
    expect(read([gemini])).toEqual(read(gemini));
  });

  it('is read in the shapes of other servers', () => {
    const said = [
      { error: 'm' },
      { message: 'm' },
      { detail: 'm' },
      { detail: [{ loc: ['body'], msg: 'm' }] },
      { detail: { error: { message: 'm' } } },
      { errors: [{ message: 'm' }] },
      { object: 'error', message: 'm', code: 40_001 },
      { code: 1_001, msg: 'm' },
      'm',
      '"m"',
      '<html><head><title> m </title></head><body>x</body></html>',
      '<p><b>m</b></p>',
    ];
    for (const body of said) expect(read(body).message).toBe('m');
    expect(read({ object: 'error', message: 'm', code: 40_001 }).code).toBe('40001');
  });

  it('is the status where nothing can be read', () => {
    for (const body of ['', ' \n', '\u0000\u0001']) {
      expect(read(body, 502).message).toBe('HTTP 502');
    }
    expect(read({ error: {} }, 500).message).not.toBe('');
  });

  it('is short and clean whatever comes', () => {
    expect(read('x🦄'.repeat(900)).message.isWellFormed()).toBe(true);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })), (body) => {
        const { message, code, type } = read(body);
        expect(message).not.toBe('');
        expect(message.length).toBeLessThanOrEqual(1_000);
        expect((code ?? '').length + (type ?? '').length).toBeLessThanOrEqual(200);
      }),
    );
  });
});
