const secretNames = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'x-goog-api-key',
  'auth_key',
  'authkey',
  'encryption_key',
  'encryptionkey',
  'proxy_key',
  'proxy_keys',
  'proxykey',
  'proxykeys',
  'api_key',
  'apikey',
  'key',
  'keys',
  'secret',
  'secrets',
  'sealed',
  'password',
  'token',
]);

type Replace = (whole: string, before: string, value: string) => string;

const words = '(?:[a-z]{2,16}|[A-Z][a-z]{1,15}|[A-Z]{2,16})';
const isWord = new RegExp(`^${words}[.:!?)]*$`);
/** A sentence that ends so goes on with a word more often than with a secret; no field is named so in a header or a file. */
const endsProse = /^(?:key|token|secret):\s+$/i;
// What errors of providers say of the scheme itself.
const ofScheme =
  /^(?:auth|authentication|authorization|credentials?|format|header|keys?|prefix|realm|scheme|tokens?|type)[.:!?)]*$/i;

const behindName: Replace = (whole, before, value) =>
  endsProse.test(before) && isWord.test(value) ? whole : `${before}[redacted]`;
const behindScheme: Replace = (whole, before, value) =>
  ofScheme.test(value) ? whole : `${before} [redacted]`;

// Each keeps what tells a reader that a secret was here. A masked secret (`sk-abc…wxyz`) is not one.
const patterns: readonly (readonly [RegExp, string | Replace])[] = [
  [/\bsk-[\w-]{8,}/g, 'sk-[redacted]'],
  [/\bAIza[\w-]{10,}/g, 'AIza[redacted]'],
  [/\b(bearer|basic)\s+([\w.~+/=-]{4,})/gi, behindScheme],
  [
    /\b((?:[\w-]*[_-])?(?:key|token|secret|password)\\?["']?\s*[=:]\s*\\?["']?)([^\s&"'\\,;…[\]{}]{4,})(?![^\s&"'\\,;]*…)/gi,
    behindName,
  ],
  [/\bv1\.[\w-]{8}\.[\w-]{38,}/g, '[sealed]'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*:[^\s/@]*@/gi, '$1[redacted]@'],
];

/** Cuts secrets out of a text: provider keys, bearer tokens, `key=` parameters, sealed secrets, credentials in addresses. */
export function scrubText(text: string): string {
  let scrubbed = text;
  for (const [pattern, put] of patterns) {
    // The types know one of both at a time.
    scrubbed =
      typeof put === 'string' ? scrubbed.replace(pattern, put) : scrubbed.replace(pattern, put);
  }
  return scrubbed;
}

/** True for the name of a field whose value is a secret by itself, such as `authorization`. */
export function isSecretName(name: string): boolean {
  return secretNames.has(name.toLowerCase());
}
