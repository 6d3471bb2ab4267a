import { BlockList } from 'node:net';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  createEgressPolicy,
  rootReach,
  tenantReach,
} from '../../src/dispatch/egress/egress-policy.ts';

/**
 * What CloudStack's `webhook.delivery.blocklist` holds by default of addresses that are what they seem, and Azure's
 * metadata service. Source: apache/cloudstack, WebhookService.
 */
const blocklist = [
  '0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,192.0.0.0/24,192.0.2.0/24',
  '192.88.99.0/24,192.168.0.0/16,198.18.0.0/15,198.51.100.0/24,203.0.113.0/24,224.0.0.0/4,240.0.0.0/4',
  '168.63.129.16/32,::1/128,::/128,64:ff9b:1::/48,100::/64,2001::/32,2001:db8::/32,2002::/16,fc00::/7',
  'fe80::/10,ff00::/8',
]
  .join()
  .split(',')
  .map(cidr => cidr.split('/'))
  .map(([base = '', bits]) => ({ base, bits: Number(bits) }));

type Octets = readonly [number, number, number, number];

const familyOf = (address: string): 'ipv4' | 'ipv6' => (address.includes(':') ? 'ipv6' : 'ipv4');

const closed = new BlockList();
for (const { base, bits } of blocklist) closed.addSubnet(base, bits, familyOf(base));

const policy = createEgressPolicy({ allow: [], deny: [], ownAddresses: () => [] });

const octet = fc.nat(255);
const anywhere: fc.Arbitrary<Octets> = fc.tuple(octet, octet, octet, octet);
/** In a closed range more often than chance would have it. */
const near: fc.Arbitrary<Octets> = fc
  .tuple(fc.constantFrom(...blocklist.filter(({ base }) => familyOf(base) === 'ipv4')), anywhere)
  .map(([{ base, bits }, [a, b, c, d]]) => {
    const start = base.split('.').map(Number);
    const within = (index: number, noise: number): number => {
      const kept = Math.min(8, Math.max(0, bits - index * 8));
      const mask = (0xff << (8 - kept)) & 0xff;
      return ((start[index] ?? 0) & mask) | (noise & ~mask & 0xff);
    };
    return [within(0, a), within(1, b), within(2, c), within(3, d)];
  });
const ipv4 = fc.oneof(anywhere, near);

const dotted = (octets: Octets): string => octets.join('.');
const whole = (octets: Octets): number => octets.reduce((sum, byte) => sum * 256 + byte, 0);
const hex = (octets: Octets): string => {
  const digits = whole(octets).toString(16).padStart(8, '0');
  return `${digits.slice(0, 4)}:${digits.slice(4)}`;
};

/** Spellings that inet_aton and browsers read. */
const spellings: ((octets: Octets) => string)[] = [
  octets => String(whole(octets)),
  octets => `0x${whole(octets).toString(16)}`,
  octets => `0X${whole(octets).toString(16).toUpperCase()}`,
  octets => `0${whole(octets).toString(8)}`,
  octets => octets.map(byte => `0x${byte.toString(16)}`).join('.'),
  octets => octets.map(byte => `0${byte.toString(8).padStart(3, '0')}`).join('.'),
  ([a, b, c, d]) => `${a}.${b}.${c * 256 + d}`,
  ([a, b, c, d]) => `${a}.0x${(b * 65_536 + c * 256 + d).toString(16)}`,
];

/** IPv6 addresses that become the IPv4 one on the way. */
const disguises: ((octets: Octets) => string)[] = [
  octets => `::ffff:${dotted(octets)}`,
  octets => `::FFFF:${hex(octets)}`,
  octets => `0:0:0:0:0:ffff:${hex(octets)}%eth0`,
  octets => `::ffff:0:${hex(octets)}`,
  octets => `64:ff9b::${hex(octets)}`,
  octets => `0064:ff9b:0:0:0:0:${dotted(octets)}`,
];

const reserved = (what: string) => ({ kind: 'reserved', what });

describe('the egress policy', () => {
  it('closes to tenants what CloudStack’s list closes, and nothing else of IPv4', () => {
    fc.assert(
      fc.property(ipv4, octets => {
        const address = dotted(octets);
        expect(policy.blocks(address, tenantReach) !== undefined).toBe(closed.check(address));
      }),
      { numRuns: 2_000 },
    );
  });

  it('closes to tenants whatever of IPv6 CloudStack’s list closes', () => {
    const groups = fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 });
    const firsts = fc.constantFrom(0x2001, 0x2002, 0xfc00, 0xfdff, 0xfe80, 0xff02);
    fc.assert(
      fc.property(groups, firsts, fc.boolean(), ([, ...rest], first, isShort) => {
        const tail = isShort ? ':0:0:0:0:0:1' : '';
        const kept = isShort ? rest.slice(0, 1) : rest;
        const address = [first, ...kept].map(group => group.toString(16)).join(':') + tail;
        fc.pre(closed.check(address, 'ipv6'));
        expect(policy.blocks(address, tenantReach)).toBeDefined();
      }),
      { numRuns: 2_000 },
    );
  });

  it('rules on an IPv4 address by itself, however it is spelled, also as a URL reads it', () => {
    fc.assert(
      fc.property(ipv4, fc.constantFrom(...spellings), (octets, spell) => {
        const rule = policy.blocks(dotted(octets), tenantReach);
        expect(policy.blocks(spell(octets), tenantReach)).toEqual(rule);
        expect(new URL(`http://${spell(octets)}/`).hostname).toBe(dotted(octets));
      }),
    );
  });

  it('rules on an IPv6 address that stands for an IPv4 one as on that one', () => {
    fc.assert(
      fc.property(ipv4, fc.constantFrom(...disguises), (octets, disguise) => {
        expect(policy.blocks(disguise(octets), tenantReach)).toEqual(
          policy.blocks(dotted(octets), tenantReach),
        );
      }),
    );
  });

  it('never lets 6to4 or a local NAT64 prefix through, and names the address within where that is closed', () => {
    fc.assert(
      fc.property(ipv4, octets => {
        const rule = policy.blocks(dotted(octets), rootReach);
        expect(policy.blocks(`2002:${hex(octets)}::1`, rootReach)).toEqual(
          rule ?? reserved('2002::/16'),
        );
        expect(policy.blocks(`64:ff9b:1::${hex(octets)}`, rootReach)).toEqual(
          rule ?? reserved('64:ff9b:1::/48'),
        );
      }),
    );
  });

  it('never closes to a root admin what it opens to a tenant', () => {
    const address = fc.oneof(ipv4.map(dotted), fc.ipV6());
    fc.assert(
      fc.property(address, text => {
        fc.pre(policy.blocks(text, tenantReach) === undefined);
        expect(policy.blocks(text, rootReach)).toBeUndefined();
      }),
    );
  });

  it('opens with a range exactly the addresses in it, and closes them again when it is denied', () => {
    fc.assert(
      fc.property(ipv4, ipv4, fc.integer({ min: 1, max: 32 }), (base, octets, bits) => {
        const cidr = `${dotted(base)}/${bits}`;
        const address = dotted(octets);
        const list = new BlockList();
        list.addSubnet(dotted(base), bits);
        const none = { allow: [], deny: [], ownAddresses: () => [] };
        const allowing = createEgressPolicy({ ...none, allow: [cidr] });
        const denying = createEgressPolicy({ ...none, allow: [cidr], deny: [cidr] });
        const rule = policy.blocks(address, tenantReach);
        const isIn = list.check(address);
        expect(allowing.blocks(address, tenantReach)).toEqual(isIn ? undefined : rule);
        expect(denying.blocks(address, tenantReach)?.kind).toBe(isIn ? 'deny' : rule?.kind);
      }),
    );
  });
});
