import { readFileSync } from 'node:fs';
import {
  type Authenticator,
  credsAuthenticator,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';

/** How to connect; `shown` names the servers without their credentials. */
export interface NatsAddress {
  readonly connection: NodeConnectionOptions;
  readonly shown: string;
}

/**
 * Reads `nats://[user:password@|token@]host[:port]`, or `tls://…`, several of one cluster separated
 * by commas. `?ca=`, `?cert=` and `?key=` name PEM files, `?creds=` a NATS credentials file. Throws a
 * sentence that never repeats a secret.
 */
export function parseNatsUrl(text: string): NatsAddress {
  const urls = text.split(',').map((each) => readUrl(each.trim()));
  const [first] = urls;
  if (first === undefined) throw new Error('names no server');
  const query = first.searchParams;
  const file = (name: string, as: string): Record<string, string> => {
    const path = query.get(name);
    return path === null ? {} : { [as]: path };
  };
  const tls = { ...file('ca', 'caFile'), ...file('cert', 'certFile'), ...file('key', 'keyFile') };
  const secure = first.protocol === 'tls:' || Object.keys(tls).length > 0;
  return {
    shown: urls.map((each) => each.host).join(),
    connection: {
      servers: urls.map((each) => each.host),
      ...(secure ? { tls } : {}),
      ...credentials(first),
    },
  };
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.host === '' || !['nats:', 'tls:'].includes(url.protocol)) {
    throw new Error('must be an address such as nats://example.com:4222');
  }
  return url;
}

function credentials(url: URL): NodeConnectionOptions {
  const creds = url.searchParams.get('creds');
  if (creds !== null) return { authenticator: credentialsIn(creds) };
  const [user, pass] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  if (user === '') return {};
  return pass === '' ? { token: user } : { user, pass };
}

/**
 * Reads the file at each connection, so that new credentials need no new start; while it cannot be read, or is half
 * written, what it held before stands. Throws when it holds none now.
 */
function credentialsIn(path: string): Authenticator {
  const read = (): Authenticator => {
    const authenticator = credsAuthenticator(readFileSync(path));
    // The client closes the connection for ever when this fails in its hands.
    authenticator('');
    return authenticator;
  };
  let last = read();
  return (nonce) => {
    try {
      last = read();
    } catch {
      return last(nonce);
    }
    return last(nonce);
  };
}
