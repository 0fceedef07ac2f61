import type { IncomingMessage } from 'node:http';

const formTypes = /^(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\b/i;

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** True when the client came to the edge over https. */
export function cameOverHttps(req: IncomingMessage): boolean {
  if ('encrypted' in req.socket && req.socket.encrypted === true) return true;
  const [proto] = String(req.headers['x-forwarded-proto'] ?? '').split(',');
  return proto?.trim().toLowerCase() === 'https';
}

/** Where the client came to the edge, as an origin: what it wrote, or what a proxy in front says that it wrote. */
export function cameTo(req: IncomingMessage): string | null {
  const [forwarded] = String(req.headers['x-forwarded-host'] ?? '').split(',');
  const host = forwarded?.trim() || req.headers.host;
  const origin = `${cameOverHttps(req) ? 'https' : 'http'}://${host}`;
  return host !== undefined && hostOf(origin) === host.toLowerCase() ? origin : null;
}

/**
 * True when a request that changes something and is authenticated by a cookie may be from our own console: a browser
 * says so by `Sec-Fetch-Site` or `Origin`; what says neither must not look like an HTML form, which any site can send.
 */
export function isFromOwnPages(req: IncomingMessage, trustedOrigins: readonly string[]): boolean {
  const { origin, host } = req.headers;
  if (origin !== undefined && trustedOrigins.includes(origin)) return true;
  const site = req.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  if (origin !== undefined) {
    const from = hostOf(origin);
    return from !== undefined && (from === host || from === req.headers['x-forwarded-host']);
  }
  return !formTypes.test(req.headers['content-type'] ?? '');
}
