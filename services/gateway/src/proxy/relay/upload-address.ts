import type { LiveUpstream } from '../../live-config/live-group.ts';

/** In requests that begin an upload to Google; the answer says where its bytes go. */
export const uploadProtocolHeader = 'x-goog-upload-protocol';
const uploadAddressHeader = 'x-goog-upload-url';

/**
 * An answer's raw headers with the address that an upload goes to leading through Keymux, so that
 * the bytes come with a key of the group: the client's own credential is a proxy key. An address that
 * is not at the upstream stays as it is.
 */
export function withUploadAddress(
  raw: readonly string[],
  upstream: Pick<LiveUpstream, 'origin' | 'basePath'>,
  proxied: string,
): readonly string[] {
  return raw.map((value, at) =>
    at % 2 === 1 && raw[at - 1]?.toLowerCase() === uploadAddressHeader
      ? throughKeymux(value, upstream, proxied)
      : value,
  );
}

function throughKeymux(
  address: string,
  { origin, basePath }: Pick<LiveUpstream, 'origin' | 'basePath'>,
  proxied: string,
): string {
  const url = URL.parse(address);
  if (url?.origin !== origin || !url.pathname.startsWith(`${basePath}/`)) return address;
  return proxied + url.pathname.slice(basePath.length) + url.search;
}
