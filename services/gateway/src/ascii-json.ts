const notAscii = /[^ -~]/;

/** JSON of a value with nothing but ASCII in it, in a string of one byte a character. */
export function asciiJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!notAscii.test(json)) return json;
  let ascii = '';
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    // Not a piece of the text: V8 keeps what is made of a string with two bytes a character so, too.
    ascii += code < 0x7f ? String.fromCharCode(code) : `\\u${code.toString(16).padStart(4, '0')}`;
  }
  return ascii;
}
