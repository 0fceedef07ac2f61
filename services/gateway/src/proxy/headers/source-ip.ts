import { BlockList, isIP } from 'node:net';

/** The addresses of edge proxies whose `X-Forwarded-For` is believed. */
export class TrustedProxies {
  readonly #list = new BlockList();
  readonly #any: boolean;

  /** Takes addresses and CIDR ranges that were checked when the environment was read. */
  constructor(ranges: readonly string[]) {
    this.#any = ranges.length > 0;
    for (const range of ranges) {
      const [address = '', bits] = range.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(bits), family);
    }
  }

  /** The client's address: the last hop that is not one of ours. */
  sourceIp(peer: string, forwardedFor: string | null): string {
    if (!this.#any || forwardedFor === null || !this.#trusts(peer)) return peer;
    const hops = forwardedFor.split(',').map((hop) => hop.trim());
    for (const hop of hops.toReversed()) {
      if (isIP(hop) === 0) return peer;
      if (!this.#trusts(hop)) return hop;
    }
    return hops[0] ?? peer;
  }

  #trusts(address: string): boolean {
    const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
    const family = isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  }
}
