/**
 * Decides which addresses a webhook's deliveries may go to; pure.
 *
 * The most specific range of the table that holds an address decides. What it closes, only the operator's configuration
 * opens; private ranges are open as far as the webhook reaches. Each of an address's faces must be open.
 *
 * Source: the IANA special-purpose address registries (RFC 6890 and successors), design 2.6, and CloudStack's
 * `webhook.delivery.blocklist`.
 */
import {
  facesOf,
  isWithin,
  privateRanges,
  readAddress,
  requireRange,
  type Address,
  type Range,
} from '../../event/network/address.ts';

export const ruleKinds = [
  'unspecified',
  'loopback',
  'link-local',
  'metadata',
  'multicast',
  'reserved',
  'private',
  'own address',
  'own service',
  'deny',
] as const;
export type RuleKind = (typeof ruleKinds)[number];

/** The rule that closes an address. */
export interface Rule {
  readonly kind: RuleKind;
  /** The range or the service. */
  readonly what: string;
}

/** The reach of a webhook: the addresses that its deliveries may go to beyond public ones. */
export interface Reach {
  /** Connections are shared among webhooks whose reach has the same name. */
  readonly name: string;
  readonly privateRanges: 'all' | readonly Range[];
}

/** Reach of webhooks that root admins own: every private range. */
export const rootReach: Reach = { name: 'root', privateRanges: 'all' };

/** Reach of tenants' webhooks: no private range, unless an admin allowed some. */
export const tenantReach: Reach = { name: 'tenant', privateRanges: [] };

/** Reach of tenants' webhooks in a domain for which an admin allowed these private ranges. */
export function createReach(ranges: readonly string[]): Reach {
  if (ranges.length === 0) return tenantReach;
  return { name: `tenant ${ranges.join()}`, privateRanges: ranges.map(requireRange) };
}

export interface EgressPolicy {
  /** Finds the rule that closes the address to webhooks of this reach; undefined when it is open. */
  blocks(address: string, reach: Reach): Rule | undefined;
}

const table = (
  [
    ['public', '0.0.0.0/0'],
    ['unspecified', '0.0.0.0/8'],
    ['loopback', '127.0.0.0/8'],
    ['link-local', '169.254.0.0/16'],
    ['reserved', '192.0.0.0/24'],
    ['reserved', '192.0.2.0/24'],
    ['reserved', '192.88.99.0/24'],
    ['reserved', '198.18.0.0/15'],
    ['reserved', '198.51.100.0/24'],
    ['reserved', '203.0.113.0/24'],
    ['multicast', '224.0.0.0/4'],
    ['reserved', '240.0.0.0/4'],
    // Metadata services that are not link-local: Alibaba's and Azure's, Amazon's and Google's for IPv6.
    ['metadata', '100.100.100.200/32'],
    ['metadata', '168.63.129.16/32'],
    ['metadata', 'fd00:ec2::254/128'],
    ['metadata', 'fd20:ce::254/128'],
    // Only 2000::/3 of IPv6 is given out for global use.
    ['reserved', '::/0'],
    ['public', '2000::/3'],
    ['reserved', '64:ff9b:1::/48'],
    ['reserved', '2001::/23'],
    ['reserved', '2001:db8::/32'],
    ['reserved', '2002::/16'],
    ['reserved', '3fff::/20'],
    ['unspecified', '::/128'],
    ['loopback', '::1/128'],
    ['link-local', 'fe80::/10'],
    ['multicast', 'ff00::/8'],
    // For these the IPv4 address within them decides.
    ['public', '::/96'],
    ['public', '::ffff:0:0:0/96'],
    ['public', '64:ff9b::/96'],
    ...privateRanges.map(cidr => ['private', cidr] as const),
  ] as const
)
  .map(([kind, cidr]) => ({ kind, range: requireRange(cidr) }))
  .toSorted((a, b) => b.range.bits - a.range.bits);

export interface EgressRules {
  /** Ranges that are open to every webhook, whatever the table says. */
  readonly allow: readonly string[];
  /** Ranges that are closed to every webhook; it wins over `allow`. */
  readonly deny: readonly string[];
  /**
   * This machine's own addresses. A service that listens on all of them may trust a caller on this machine, so a public
   * one is closed as if it were private.
   */
  readonly ownAddresses: () => readonly string[];
}

/** Creates the policy. @throws {RangeError} for text that is no range; configuration was checked before. */
export function createEgressPolicy(rules: EgressRules): EgressPolicy {
  const allow = rules.allow.map(requireRange);
  const deny = rules.deny.map(requireRange);
  const isOwn = (face: Address): boolean => rules.ownAddresses().includes(face.toString());

  function judge(face: Address, reach: Reach): Rule | undefined {
    const denied = deny.find(range => isWithin(face, range));
    if (denied) return { kind: 'deny', what: denied.text };
    if (allow.some(range => isWithin(face, range))) return undefined;
    const place = table.find(({ range }) => isWithin(face, range));
    if (!place) throw new RangeError('the table holds every address');
    if (place.kind !== 'public' && place.kind !== 'private') {
      return { kind: place.kind, what: place.range.text };
    }
    if (reaches(reach, face)) return undefined;
    if (place.kind === 'private') return { kind: place.kind, what: place.range.text };
    return isOwn(face) ? { kind: 'own address', what: face.toString() } : undefined;
  }

  return {
    blocks(text, reach) {
      const address = readAddress(text);
      if (!address) return { kind: 'reserved', what: 'not an address' };
      for (const face of facesOf(address)) {
        const rule = judge(face, reach);
        if (rule) return rule;
      }
      return undefined;
    },
  };
}

function reaches(reach: Reach, face: Address): boolean {
  return reach.privateRanges === 'all' || reach.privateRanges.some(range => isWithin(face, range));
}
