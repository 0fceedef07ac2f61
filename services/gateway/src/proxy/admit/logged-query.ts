import { scrubText } from '@keymux/service';

/** As much as a log row keeps. */
const maxLength = 2_048;

const secretName = /(?:^|[_-]|api|access|auth)(?:key|token|secret|password|signature|sig)$/i;

/** A query as it is logged: without what is a secret by its name or its form, wherever a client put it. */
export function loggedQuery(query: string): string {
  if (query === '') return query;
  const pairs = query.slice(1, maxLength).split('&');
  return scrubText(`?${pairs.map(withoutSecret).join('&')}`);
}

function withoutSecret(pair: string): string {
  const equals = pair.indexOf('=');
  const name = equals === -1 ? '' : pair.slice(0, equals);
  return secretName.test(name) ? `${name}=[redacted]` : pair;
}
