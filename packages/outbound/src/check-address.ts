import { readProxyUrl } from './proxy-url.ts';
import { isPublicAddress } from './public-address.ts';

/** A sentence about what is wrong with a web address, or null; the sentence never repeats the address. */
export function checkWebAddress(
  text: string,
  { forbidPrivate }: { readonly forbidPrivate: boolean },
): string | null {
  const plain = checkText(text);
  if (plain !== null) return plain;
  const url = URL.parse(text);
  if (url === null) return 'is not an address such as https://api.example.com';
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return 'must begin with http:// or https://';
  }
  if (/^[a-z]+:\/\/[^/]*@/i.test(text)) return 'must not have credentials in it';
  if (/[?#]/.test(text)) return 'must not have a query or a fragment';
  if (forbidPrivate && isPrivateHost(url.hostname)) {
    return 'is a private address, which FORBID_PRIVATE_UPSTREAMS does not allow';
  }
  return null;
}

/** The same for an outbound proxy, which may have a user and a password; empty takes the environment's. */
export function checkProxyAddress(text: string): string | null {
  if (text === '') return null;
  const plain = checkText(text);
  if (plain !== null) return plain;
  if (!/^(https?|socks5):\/\//i.test(text)) {
    return 'must begin with http://, https:// or socks5://';
  }
  if (/[?#]/.test(text)) return 'must not have a query or a fragment';
  const read = readProxyUrl(text);
  return read.kind === 'invalid' ? `is not usable: ${read.reason}` : null;
}

/** Two spellings of one upstream have one form. */
export function normalAddress(text: string): string {
  return (URL.parse(text)?.href ?? text).replace(/\/+$/, '');
}

// URL drops some of these silently and takes a backslash for a slash: what is sent would not be what is read.
function checkText(text: string): string | null {
  return /[\s\\\p{Cc}]/u.test(text)
    ? 'must not have spaces, control characters or backslashes'
    : null;
}

// Names are resolved, and checked again, when a connection is made.
function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  const literal = /^\d+(\.\d+){3}$/.test(host) || host.includes(':');
  return literal && !isPublicAddress(host);
}
