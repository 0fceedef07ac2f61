const provider =
  '(?:openai|azure[ _-]?openai|gemini|google|anthropic|claude|deepseek|groq|mistral|openrouter|xai|upstream)';

const headings = new RegExp(
  `^(?:${provider}[ _-]?)?(?:api|secret|access)?[ _-]?(?:keys?|tokens?|secret)$`,
  'i',
);
/** What stands beside a column or field called key when that one holds names. */
const values = /^(?:key[ _-]?)?values?$/i;

// Before = or : in one word. Not every name of a secret: SECRET_KEY or STRIPE_API_KEY of an .env file is
// no key of an upstream, and would be sent to one.
const assigned = new RegExp(
  `^(?:${provider}[_-]?)?(?:api[_-]?)?(?:keys?|tokens?)(?:[_-]?\\d+)?$`,
  'i',
);
const headers = /^(?:authorization|proxy-authorization|x-api-key|x-goog-api-key)$/i;
const scheme = /^(?:bearer|export|set|setx)$/i;
const schemeBefore = /^bearer\s+/i;
/** No name is longer, with what may stand around it. */
const longestName = 40;

const bare = (text: string): string =>
  text
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2')
    .trim();

/** Whether a line, a cell or the name of a field is no key but what keys are called. */
export function namesKeys(text: string): boolean {
  if (text.length > longestName) return false;
  const name = bare(text);
  return headings.test(name) || values.test(name);
}

/** Which of several names is that of the keys; -1 for none. `key,value` are names and keys. */
export function indexOfKeys(names: readonly string[]): number {
  if (names.length === 1) return namesKeys(names[0] ?? '') ? 0 : -1;
  const index = names.findIndex((name) => headings.test(bare(name)));
  const value = names.findIndex((name) => values.test(bare(name)));
  const isVague = index === -1 || /^keys?$/i.test(bare(names[index] ?? ''));
  return value !== -1 && isVague ? value : index;
}

/** Whether a word by itself only says that a key follows, as in `Authorization: Bearer …` or `export …`. */
export function announcesKey(word: string): boolean {
  if (word.length > longestName) return false;
  const name = word.replace(/[:=]$/, '');
  if (scheme.test(name) || headers.test(name)) return true;
  // Somebody may call a key `key2`.
  return assigned.test(name) && (name !== word || /[_-]/.test(name));
}

/** A key without what is often copied with it: `OPENAI_API_KEY=`, quotation marks behind that, `Bearer `. */
export function withoutName(text: string): string {
  const key = text.includes('=') || text.includes(':') ? behindName(text) : text;
  return schemeBefore.test(key) ? key.replace(schemeBefore, '') : key;
}

function behindName(copied: string): string {
  // As PowerShell has it.
  const text = copied.replace(/^\$env:/i, '');
  const at = text.slice(0, longestName).search(/[:=]\s*\S/);
  if (at === -1) return text;
  const name = text
    .slice(0, at)
    .replace(/^export\s+/, '')
    .trimEnd();
  return assigned.test(name) || headers.test(name) ? bare(text.slice(at + 1)) : text;
}
