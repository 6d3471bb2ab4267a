import { describe, expect, it } from 'vitest';

import {
  createEgressPolicy,
  rootReach,
  tenantReach,
  type EgressRules,
  type Reach,
} from '../../src/dispatch/egress/egress-policy.ts';
import { readRange, requireRange } from '../../src/event/network/address.ts';

const bare: EgressRules = { allow: [], deny: [], ownAddresses: () => [] };

function ruleFor(address: string, reach: Reach, rules: Partial<EgressRules> = {}): string {
  const rule = createEgressPolicy({ ...bare, ...rules }).blocks(address, reach);
  return rule ? `${rule.kind} (${rule.what})` : 'open';
}

describe('the egress policy', () => {
  it.each([
    ['127.0.0.1', 'loopback (127.0.0.0/8)'],
    ['127.255.255.254', 'loopback (127.0.0.0/8)'],
    ['0.0.0.0', 'unspecified (0.0.0.0/8)'],
    ['169.254.169.254', 'link-local (169.254.0.0/16)'],
    ['100.100.100.200', 'metadata (100.100.100.200/32)'],
    ['168.63.129.16', 'metadata (168.63.129.16/32)'],
    ['fd00:ec2::254', 'metadata (fd00:ec2::254/128)'],
    ['224.0.0.1', 'multicast (224.0.0.0/4)'],
    ['192.0.2.1', 'reserved (192.0.2.0/24)'],
    ['198.19.255.255', 'reserved (198.18.0.0/15)'],
    ['255.255.255.255', 'reserved (240.0.0.0/4)'],
    ['::', 'unspecified (::/128)'],
    ['::1', 'loopback (::1/128)'],
    ['fe80::1', 'link-local (fe80::/10)'],
    ['ff02::1', 'multicast (ff00::/8)'],
    ['2001:db8::1', 'reserved (2001:db8::/32)'],
    ['2001::1', 'reserved (2001::/23)'],
    ['4000::1', 'reserved (::/0)'],
    ['fec0::1', 'reserved (::/0)'],
    ['not an address', 'reserved (not an address)'],
    ['', 'reserved (not an address)'],
  ])('closes %s to every webhook: %s', (address, rule) => {
    expect(ruleFor(address, rootReach)).toBe(rule);
    expect(ruleFor(address, tenantReach)).toBe(rule);
  });

  it.each([
    ['10.0.0.1', 'private (10.0.0.0/8)'],
    ['172.31.255.255', 'private (172.16.0.0/12)'],
    ['192.168.1.1', 'private (192.168.0.0/16)'],
    ['100.64.0.1', 'private (100.64.0.0/10)'],
    ['fd12:3456::1', 'private (fc00::/7)'],
  ])('opens %s to root admins’ webhooks alone', (address, rule) => {
    expect(ruleFor(address, rootReach)).toBe('open');
    expect(ruleFor(address, tenantReach)).toBe(rule);
  });

  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '192.0.1.1', '2a00:1450::1', '2001:4860::1'])(
    'opens %s, which is public',
    address => {
      expect(ruleFor(address, tenantReach)).toBe('open');
    },
  );

  it.each([
    ['::ffff:127.0.0.1', 'loopback (127.0.0.0/8)'],
    ['::ffff:7f00:1', 'loopback (127.0.0.0/8)'],
    ['::127.0.0.1', 'loopback (127.0.0.0/8)'],
    ['::ffff:0:169.254.169.254', 'link-local (169.254.0.0/16)'],
    ['64:ff9b::a9fe:a9fe', 'link-local (169.254.0.0/16)'],
    ['64:ff9b::8.8.8.8', 'open'],
    ['64:ff9b::10.1.2.3', 'private (10.0.0.0/8)'],
    ['64:ff9b:1::127.0.0.1', 'loopback (127.0.0.0/8)'],
    ['64:ff9b:1::8.8.8.8', 'reserved (64:ff9b:1::/48)'],
    ['2002:7f00:1::', 'loopback (127.0.0.0/8)'],
    ['2002:a01:203::1', 'private (10.0.0.0/8)'],
    ['2002:808:808::1', 'reserved (2002::/16)'],
    ['fe80::1%eth0.100', 'link-local (fe80::/10)'],
    ['::1%lo', 'loopback (::1/128)'],
    ['[::1]', 'loopback (::1/128)'],
    ['2130706433', 'loopback (127.0.0.0/8)'],
    ['0x7f.1', 'loopback (127.0.0.0/8)'],
    ['0177.0.0.01', 'loopback (127.0.0.0/8)'],
  ])('sees through the spelling %s: %s', (address, rule) => {
    expect(ruleFor(address, tenantReach)).toBe(rule);
  });

  it('opens what the configuration allows, to every webhook, and nothing beside it', () => {
    const rules = { allow: ['127.0.0.0/8', '10.1.0.0/16', 'fd00::/16'] };
    expect(ruleFor('127.0.0.1', tenantReach, rules)).toBe('open');
    expect(ruleFor('::ffff:127.0.0.1', tenantReach, rules)).toBe('open');
    expect(ruleFor('10.1.255.1', tenantReach, rules)).toBe('open');
    expect(ruleFor('10.2.0.1', tenantReach, rules)).toBe('private (10.0.0.0/8)');
    expect(ruleFor('::1', tenantReach, rules)).toBe('loopback (::1/128)');
    expect(ruleFor('fd00::1', tenantReach, rules)).toBe('open');
  });

  it('closes what the configuration denies, also what it allows, in every spelling', () => {
    const rules = { allow: ['10.0.0.0/8'], deny: ['10.9.0.0/16', '8.8.8.8', '64:ff9b::/96'] };
    expect(ruleFor('10.9.1.1', rootReach, rules)).toBe('deny (10.9.0.0/16)');
    expect(ruleFor('::ffff:10.9.1.1', rootReach, rules)).toBe('deny (10.9.0.0/16)');
    expect(ruleFor('8.8.8.8', rootReach, rules)).toBe('deny (8.8.8.8/32)');
    expect(ruleFor('64:ff9b::1.1.1.1', rootReach, rules)).toBe('deny (64:ff9b::/96)');
    expect(ruleFor('10.8.1.1', tenantReach, rules)).toBe('open');
  });

  it('opens to a tenant the private ranges an admin allowed, and never more than private ones', () => {
    const privateRanges = ['10.5.0.0/16', '127.0.0.0/8', '169.254.0.0/16'].map(requireRange);
    const reach = { name: 'some', privateRanges };
    expect(ruleFor('10.5.6.7', reach)).toBe('open');
    expect(ruleFor('10.6.0.1', reach)).toBe('private (10.0.0.0/8)');
    expect(ruleFor('127.0.0.1', reach)).toBe('loopback (127.0.0.0/8)');
    expect(ruleFor('169.254.169.254', reach)).toBe('link-local (169.254.0.0/16)');
  });

  it('closes a public address of this machine to tenants as if it were private', () => {
    const rules = { ownAddresses: () => ['8.8.4.4', '2a00::5'] };
    expect(ruleFor('8.8.4.4', tenantReach, rules)).toBe('own address (8.8.4.4)');
    expect(ruleFor('::ffff:8.8.4.4', tenantReach, rules)).toBe('own address (8.8.4.4)');
    expect(ruleFor('2A00:0::5', tenantReach, rules)).toBe('own address (2a00::5)');
    expect(ruleFor('8.8.4.4', rootReach, rules)).toBe('open');
    expect(ruleFor('8.8.4.4', tenantReach, { ...rules, allow: ['8.8.4.4'] })).toBe('open');
  });
});

describe('a range', () => {
  it.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['1.2.3.4', '1.2.3.4/32'],
    ['fd00::/8', 'fd00::/8'],
    ['::1', '::1/128'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
  ])('reads %s as %s', (text, range) => {
    expect(readRange(text)?.text).toBe(range);
  });

  it.each(['10/8', '010.0.0.0/8', '0x0a.0.0.0/8', '10.0.0.0/33', 'fe80::1%lo', '::/129', '', 'x'])(
    'is not "%s"',
    text => {
      expect(readRange(text)).toBeUndefined();
    },
  );
});
