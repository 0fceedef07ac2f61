import { lookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { OutboundError } from './outbound-error.ts';
import { isPublicAddress } from './public-address.ts';

function forbidden(host: string): OutboundError {
  return new OutboundError(
    'FORBIDDEN_ADDRESS',
    `${host} is a private address, which this installation forbids`,
  );
}

/**
 * Resolves like the system, but answers public addresses only: a connection goes to the very address that was checked, so a
 * name that changes its mind (DNS rebinding) gains nothing.
 */
export const publicLookup: LookupFunction = (host, options, callback) => {
  lookup(host, { ...options, all: true }, (error, found: LookupAddress[]) => {
    if (error !== null) {
      callback(error, '', 0);
      return;
    }
    const open = found.filter(({ address }) => isPublicAddress(address));
    const first = open[0];
    if (first === undefined) callback(forbidden(host), '', 0);
    else if (options.all === true) callback(null, open);
    else callback(null, first.address, first.family);
  });
};

/** Refuses an address that is written as one; names are checked when they are resolved. */
export function forbiddenLiteral(host: string): OutboundError | null {
  return isIP(host) !== 0 && !isPublicAddress(host) ? forbidden(host) : null;
}

/** A public address of a host, for those that connect elsewhere by it. Rejects when it has none. */
export function resolvePublic(host: string): Promise<string> {
  const refused = forbiddenLiteral(host);
  if (refused !== null) return Promise.reject(refused);
  if (isIP(host) !== 0) return Promise.resolve(host);
  return new Promise((resolve, reject) => {
    publicLookup(host, { all: false }, (error, address) => {
      if (error !== null) reject(error);
      else if (typeof address === 'string') resolve(address);
      else reject(forbidden(host));
    });
  });
}
