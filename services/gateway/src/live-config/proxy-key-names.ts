import { asciiJson } from '../ascii-json.ts';

/** What a proxy key is called in the log. */
export interface ProxyKeyName {
  readonly name: string;
  /** The name as JSON: a key without a name of its own is called by its ends and an ellipsis, and each row says so. */
  readonly json: string;
}

/** Names by fingerprint. */
export type ProxyKeyNames = ReadonlyMap<string, ProxyKeyName>;

/** The names of proxy keys, as rows are to say them. */
export function proxyKeyNames(
  keys: readonly { readonly fingerprint: string; readonly name: string }[],
): ProxyKeyNames {
  return new Map(
    keys.map(({ fingerprint, name }) => [fingerprint, { name, json: asciiJson(name) }]),
  );
}
