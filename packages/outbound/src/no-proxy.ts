import { BlockList, isIP } from 'node:net';

/** Tells whether requests to a host (IPv6 without brackets) and port go past the proxies. */
export type Bypass = (host: string, port: number) => boolean;

function withoutDotAtEnd(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

function readSubnet(entry: string): Bypass | undefined {
  const [address = '', bits = ''] = entry.split('/');
  const version = isIP(address);
  if (version === 0 || !/^\d{1,3}$/.test(bits)) return undefined;
  if (Number(bits) > (version === 6 ? 128 : 32)) return undefined;
  const subnet = new BlockList();
  subnet.addSubnet(address, Number(bits), familyOf(address));
  return (host) => isIP(host) !== 0 && subnet.check(host, familyOf(host));
}

function splitPort(entry: string): { host: string; port: number | null } {
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(entry);
  if (bracketed !== null) {
    const [, host = '', port] = bracketed;
    return { host, port: port === undefined ? null : Number(port) };
  }
  const named = /^([^:]+):(\d+)$/.exec(entry);
  if (named !== null) {
    const [, host = '', port] = named;
    return { host, port: Number(port) };
  }
  return { host: entry, port: null };
}

function readEntry(entry: string): Bypass {
  const subnet = entry.includes('/') ? readSubnet(entry) : undefined;
  if (subnet !== undefined) return subnet;
  const { host, port: onlyPort } = splitPort(entry);
  const onPort: (port: number) => boolean = (port) => onlyPort === null || port === onlyPort;
  if (host === '*') return (_host, port) => onPort(port);
  const domain = withoutDotAtEnd(host.replace(/^\*?\./, ''));
  // `*.example.com` means what is below; `example.com` and `.example.com` mean the name too, as curl has it.
  const apexToo = !host.startsWith('*');
  return (asked, port) =>
    onPort(port) && ((apexToo && asked === domain) || asked.endsWith(`.${domain}`));
}

/**
 * Reads NO_PROXY: names (with all below them), `.suffix`, `*.suffix`, addresses, subnets (`10.0.0.0/8`), each with an
 * optional `:port`, separated by commas or spaces; `*` is everything.
 */
export function readNoProxy(text: string): Bypass {
  const entries = text
    .toLowerCase()
    .split(/[,\s]+/)
    .filter((entry) => entry !== '')
    .map(readEntry);
  return (host, port) => {
    const asked = withoutDotAtEnd(host.toLowerCase());
    return entries.some((bypasses) => bypasses(asked, port));
  };
}
