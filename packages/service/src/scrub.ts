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

// Each keeps what tells a reader that a secret was here. A masked secret (`sk-abc…wxyz`) is not one.
const patterns: readonly (readonly [RegExp, string])[] = [
  [/\bsk-[\w-]{8,}/g, 'sk-[redacted]'],
  [/\bAIza[\w-]{10,}/g, 'AIza[redacted]'],
  [/\b(bearer|basic)\s+[\w.~+/=-]{4,}/gi, '$1 [redacted]'],
  [
    /\b((?:[\w-]*[_-])?(?:key|token|secret|password)\\?["']?\s*[=:]\s*\\?["']?)[^\s&"'\\,;…[\]{}]{4,}(?![^\s&"'\\,;]*…)/gi,
    '$1[redacted]',
  ],
  [/\bv1\.[\w-]{8}\.[\w-]{38,}/g, '[sealed]'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*:[^\s/@]*@/gi, '$1[redacted]@'],
];

/** Cuts secrets out of a text: provider keys, bearer tokens, `key=` parameters, sealed secrets, credentials in addresses. */
export function scrubText(text: string): string {
  let scrubbed = text;
  for (const [pattern, replacement] of patterns) scrubbed = scrubbed.replace(pattern, replacement);
  return scrubbed;
}

/** True for the name of a field whose value is a secret by itself, such as `authorization`. */
export function isSecretName(name: string): boolean {
  return secretNames.has(name.toLowerCase());
}
