/** As much as a log row keeps. */
const maxLength = 2_048;

const secretName = /(?:^|[_-]|api|access|auth)(?:key|token|secret|password|signature|sig)$/i;
const providerKey = /\b(sk-|AIza)[\w-]{8,}/g;

/** A query as it is logged: without what is a secret by its name or its form, wherever a client put it. */
export function loggedQuery(query: string): string {
  if (query === '') return query;
  const pairs = query.slice(1, maxLength).split('&');
  return `?${pairs.map(withoutSecret).join('&')}`;
}

function withoutSecret(pair: string): string {
  const equals = pair.indexOf('=');
  if (equals !== -1 && secretName.test(pair.slice(0, equals))) {
    return `${pair.slice(0, equals)}=[redacted]`;
  }
  return pair.replaceAll(providerKey, '$1[redacted]');
}
