import { BlockList, isIP } from 'node:net';

// IANA's special-purpose registries: what is not globally reachable, and what only wraps another address.
const closedIpv4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carrier-grade NAT
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link-local, and the metadata services of clouds
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
const closedIpv6: readonly (readonly [string, number])[] = [
  ['2001::', 23], // Teredo and other protocol assignments
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4
  ['3fff::', 20],
];

const closed = new BlockList();
for (const [address, bits] of closedIpv4) closed.addSubnet(address, bits, 'ipv4');
for (const [address, bits] of closedIpv6) closed.addSubnet(address, bits, 'ipv6');
const globalIpv6 = new BlockList();
globalIpv6.addSubnet('2000::', 3, 'ipv6');
const mappedIpv4 = new BlockList();
mappedIpv4.addSubnet('::ffff:0:0', 96, 'ipv6');

/**
 * Whether an address is one of the open internet: not loopback, private, link-local (metadata services), carrier-grade NAT,
 * multicast or reserved. An IPv4 address inside an IPv6 one counts as what it is. False for what is no address.
 */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !closed.check(address, 'ipv4');
    case 6:
      // BlockList compares mapped addresses with the IPv4 rules.
      if (mappedIpv4.check(address, 'ipv6')) return !closed.check(address, 'ipv6');
      return globalIpv6.check(address, 'ipv6') && !closed.check(address, 'ipv6');
    default:
      return false;
  }
}
