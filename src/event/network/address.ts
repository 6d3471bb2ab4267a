/**
 * IP addresses and ranges of them, in whatever spelling; pure.
 *
 * An IPv6 address may carry an IPv4 address, which a router or the kernel takes out of it and connects to. Each address
 * is therefore judged by everything it may turn out to be: its *faces*.
 *
 * Source: RFC 4291 section 2.5.5 (mapped, compatible), RFC 2765 (translated), RFC 6052 and RFC 8215 (NAT64), RFC 3056
 * (6to4).
 */
import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

export interface Range {
  readonly base: Address;
  readonly bits: number;
  /** Canonical spelling such as `10.0.0.0/8`: the bits below the prefix are zero. */
  readonly text: string;
}

/**
 * Reads decimal, octal and hexadecimal, short and long forms, brackets, and drops the zone: `127.1`, `0x7f000001`,
 * `[::1]`, `fe80::1%eth0`. An IPv4-mapped address is the IPv4 address: the kernel connects to that one.
 *
 * @returns undefined when the text is no address.
 */
export function readAddress(text: string): Address | undefined {
  const bare = text.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : undefined;
}

/**
 * Reads `10.0.0.0/8`, `fd00::/8`, or one address. IPv4 must have its four decimal parts: `10/8` means `10.0.0.0/8` to
 * some and `0.0.0.10/8` to others.
 *
 * @returns undefined when the text is no range.
 */
export function readRange(text: string): Range | undefined {
  const cidr = text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`;
  if (ipaddr.IPv4.isValidCIDRFourPartDecimal(cidr)) {
    return rangeOf(ipaddr.IPv4.networkAddressFromCIDR(cidr), bitsOf(cidr));
  }
  if (!ipaddr.IPv6.isValidCIDR(cidr) || cidr.includes('%')) return undefined;
  const base = ipaddr.IPv6.networkAddressFromCIDR(cidr);
  const bits = bitsOf(cidr);
  return base.isIPv4MappedAddress() && bits >= 96
    ? rangeOf(base.toIPv4Address(), bits - 96)
    : rangeOf(base, bits);
}

/** @throws {RangeError} when the text is no range. */
export function requireRange(text: string): Range {
  const range = readRange(text);
  if (range === undefined) throw new RangeError(`${text} is no range of addresses`);
  return range;
}

/**
 * Addresses for use within one organization.
 *
 * Source: RFC 1918, RFC 6598 (shared by a provider's customers), RFC 4193.
 */
export const privateRanges = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
] as const;

/** Whether all addresses of the range are private. */
export function isPrivateRange({ base, bits }: Range): boolean {
  return privateRanges.map(requireRange).some(range => bits >= range.bits && isWithin(base, range));
}

export function isWithin(address: Address, { base, bits }: Range): boolean {
  return address.kind() === base.kind() && address.match(base, bits);
}

/**
 * Everything the address may turn out to be: first the IPv4 address within it, if there is one, then itself.
 *
 * @example facesOf(readAddress('64:ff9b::7f00:1')) // 127.0.0.1 and 64:ff9b::7f00:1
 */
export function facesOf(address: Address): readonly Address[] {
  const embedding = embeddings.find(({ range }) => isWithin(address, range));
  if (embedding === undefined || isWithin(address, withoutIpv4)) return [address];
  const bytes = address.toByteArray().slice(embedding.at, embedding.at + 4);
  return [new ipaddr.IPv4(bytes), address];
}

/** `::` and `::1` look like IPv4-compatible addresses and are none. */
const withoutIpv4 = requireRange('::/127');

/**
 * The prefixes under which an IPv4 address is embedded, and the index of its first byte. RFC 8215 leaves the index to
 * the network; everybody uses the end.
 */
const embeddings = (
  [
    ['::ffff:0:0:0', 96, 12],
    ['::', 96, 12],
    ['64:ff9b::', 96, 12],
    ['64:ff9b:1::', 48, 12],
    ['2002::', 16, 2],
  ] as const
).map(([prefix, bits, at]) => ({ range: rangeOf(ipaddr.IPv6.parse(prefix), bits), at }));

function rangeOf(base: Address, bits: number): Range {
  return { base, bits, text: `${base.toString()}/${bits}` };
}

function bitsOf(cidr: string): number {
  return Number(cidr.slice(cidr.indexOf('/') + 1));
}
