import type { ProxyKeyName, ProxyKeyNames } from '../../live-config/proxy-key-names.ts';
import type { Fingerprints } from './fingerprints.ts';
import type { RequestHeaders } from '../headers/request-headers.ts';

export type ProxyKey =
  | { readonly kind: 'valid'; readonly name: ProxyKeyName; readonly fingerprint: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'invalid' };

/** The proxy keys that open a group. */
export interface ProxyKeys {
  readonly global: ProxyKeyNames;
  readonly group: ProxyKeyNames;
  /** Keyed hashes: looking them up tells nothing of how much of a wrong key was right. */
  readonly fingerprints: Fingerprints;
}

/** Looks for the client's credential wherever an SDK puts it; any valid one of several will do. */
export function readProxyKey(
  headers: Pick<RequestHeaders, 'bearer' | 'apiKey' | 'googApiKey'>,
  queryKey: string | null,
  keys: ProxyKeys,
): ProxyKey {
  let missing = true;
  for (const secret of [headers.bearer, headers.apiKey, headers.googApiKey, queryKey]) {
    if (secret === null || secret === '') continue;
    missing = false;
    const { current, previous } = keys.fingerprints(secret);
    const name = nameOf(current, keys) ?? nameOf(previous, keys);
    if (name !== undefined) return { kind: 'valid', name, fingerprint: current };
  }
  return { kind: missing ? 'missing' : 'invalid' };
}

function nameOf(fingerprint: string | undefined, keys: ProxyKeys): ProxyKeyName | undefined {
  if (fingerprint === undefined) return undefined;
  return keys.group.get(fingerprint) ?? keys.global.get(fingerprint);
}
