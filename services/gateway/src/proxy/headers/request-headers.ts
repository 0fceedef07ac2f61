import { withoutNamed } from './connection-headers.ts';

/** Says in a request that it went through this Keymux, so that a loop of addresses is noticed. */
export const loopHeader = 'x-keymux-via';

/** Headers of one connection (RFC 9110 7.6.1), and those that the gateway writes itself. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'content-length',
  'expect',
  'http2-settings',
]);

/** Credentials of the client, and what edge proxies in front of Keymux add. */
const notForUpstreams = new Set([
  'authorization',
  'x-api-key',
  'x-goog-api-key',
  'cookie',
  'forwarded',
  'via',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-original-forwarded-for',
  'x-scheme',
  'true-client-ip',
  'fastly-client-ip',
  'fly-client-ip',
  'x-azure-clientip',
  'x-azure-socketip',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'cf-pseudo-ipv4',
  'cf-ipcountry',
  'cf-ray',
  'cf-visitor',
  'cf-ew-via',
  'cf-worker',
  'cdn-loop',
  'x-request-start',
  'x-envoy-external-address',
  'x-envoy-peer-metadata',
  'x-envoy-peer-metadata-id',
  loopHeader,
]);

/** What the gateway needs to know of a request's headers; read once. */
export interface RequestHeaders {
  /** Flat list of names and values that go on, in the order, case and number they came in. */
  readonly forwarded: string[];
  readonly names: ReadonlySet<string>;
  readonly bearer: string | null;
  readonly apiKey: string | null;
  readonly googApiKey: string | null;
  readonly accept: string | null;
  /** In lower case. */
  readonly contentType: string | null;
  readonly userAgent: string | null;
  readonly traceparent: string | null;
  readonly forwardedFor: string | null;
  /** Instances of Keymux that the request went through. */
  readonly via: string | null;
}

/** Sorts raw headers (`req.rawHeaders`) into what goes on and what is for the gateway. */
export function readRequestHeaders(raw: readonly string[]): RequestHeaders {
  const forwarded: string[] = [];
  const names = new Set<string>();
  const found: { -readonly [K in keyof RequestHeaders]: RequestHeaders[K] } = {
    forwarded,
    names,
    bearer: null,
    apiKey: null,
    googApiKey: null,
    accept: null,
    contentType: null,
    userAgent: null,
    traceparent: null,
    forwardedFor: null,
    via: null,
  };
  let connection: string | null = null;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const original = raw[at] ?? '';
    const value = raw[at + 1] ?? '';
    const name = original.toLowerCase();
    switch (name) {
      case 'authorization':
        if (/^bearer\s/i.test(value)) found.bearer = value.slice(7).trim();
        break;
      case 'x-api-key':
        found.apiKey = value;
        break;
      case 'x-goog-api-key':
        found.googApiKey = value;
        break;
      case 'accept':
        found.accept = value;
        break;
      case 'content-type':
        found.contentType = value.toLowerCase();
        break;
      case 'user-agent':
        found.userAgent = value;
        break;
      case 'traceparent':
        found.traceparent = value;
        break;
      case 'x-forwarded-for':
        found.forwardedFor = found.forwardedFor === null ? value : `${found.forwardedFor},${value}`;
        break;
      case loopHeader:
        found.via = value;
        break;
      case 'connection':
        connection = connection === null ? value : `${connection},${value}`;
        break;
    }
    if (hopByHop.has(name) || notForUpstreams.has(name) || name.startsWith('x-forwarded-'))
      continue;
    names.add(name);
    forwarded.push(original, value);
  }
  found.forwarded = withoutNamed(forwarded, connection);
  return found;
}
