const notAscii = /[^ -~]/;
const eachNotAscii = /[^ -~]/g;

/** JSON of a value with nothing but ASCII in it, in a string of one byte a character. */
export function asciiJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!notAscii.test(json)) return json;
  const escaped = json.replaceAll(
    eachNotAscii,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  // V8 keeps what is made of a string with two bytes a character so, too.
  return Buffer.from(escaped, 'latin1').toString('latin1');
}
