/** An address of a proxy, taken apart. */
export interface ProxyAddress {
  readonly kind: 'proxy';
  readonly scheme: 'http' | 'https' | 'socks5';
  /** Name or address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** Empty for none. */
  readonly username: string;
  readonly password: string;
}

/** What an address of a proxy is; `reason` is a sentence without the address, which may hold credentials. */
export type ReadProxyUrl = ProxyAddress | { readonly kind: 'invalid'; readonly reason: string };

const schemes: Readonly<Record<string, { scheme: ProxyAddress['scheme']; port: number }>> = {
  'http:': { scheme: 'http', port: 80 },
  'https:': { scheme: 'https', port: 443 },
  // Names are always resolved by the proxy, so socks5 and socks5h are the same here.
  'socks5:': { scheme: 'socks5', port: 1080 },
  'socks5h:': { scheme: 'socks5', port: 1080 },
  'socks:': { scheme: 'socks5', port: 1080 },
};

function invalid(reason: string): ReadProxyUrl {
  return { kind: 'invalid', reason };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Reads `http://`, `https://` or `socks5://[user:password@]host[:port]`; without a scheme it is http, as curl has it. */
export function readProxyUrl(text: string): ReadProxyUrl {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.parse(withScheme);
  if (url === null) return invalid('the address of the proxy cannot be read');
  const known = schemes[url.protocol];
  if (known === undefined) return invalid('a proxy speaks http, https or socks5');
  if (url.hostname === '') return invalid('the address of the proxy has no host');
  const username = decoded(url.username);
  const password = decoded(url.password);
  if (username === undefined || password === undefined) {
    return invalid('user and password of the proxy are not percent-encoded text');
  }
  if (Buffer.byteLength(username) > 255 || Buffer.byteLength(password) > 255) {
    return invalid('user and password of the proxy may have 255 bytes each');
  }
  return {
    kind: 'proxy',
    scheme: known.scheme,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? known.port : Number(url.port),
    username,
    password,
  };
}

/** A proxy's address for logs and messages: its scheme, host and port, never its credentials. */
export function describe(proxyUrl: string): string {
  if (proxyUrl === '') return 'none';
  const proxy = readProxyUrl(proxyUrl);
  return proxy.kind === 'invalid' ? 'invalid proxy' : describeProxy(proxy);
}

/** The same for an address already read. */
export function describeProxy(proxy: ProxyAddress): string {
  return `${proxy.scheme}://${hostAndPort(proxy.host, proxy.port)}`;
}

/** `host:port`, IPv6 in brackets. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The value of a `proxy-authorization` header, or null when the proxy asks for none. */
export function proxyAuthorization(proxy: ProxyAddress): string | null {
  if (proxy.username === '' && proxy.password === '') return null;
  return `Basic ${Buffer.from(`${proxy.username}:${proxy.password}`).toString('base64')}`;
}
