import { describe, expect, it } from 'vitest';

import { readNoProxy } from '../../src/dispatch/egress/no-proxy.ts';

describe('NO_PROXY', () => {
  it.each([
    ['*', 'any.test', 1],
    ['example.org', 'example.org', 80],
    ['example.org', 'hooks.example.org', 80],
    ['.example.org', 'hooks.example.org', 80],
    ['*.example.org', 'a.b.example.org', 80],
    ['Example.ORG', 'EXAMPLE.org', 80],
    ['example.org', 'example.org.', 80],
    ['example.org:8080', 'hooks.example.org', 8080],
    ['10.0.0.0/8', '10.1.2.3', 80],
    ['10.1.2.3', '10.1.2.3', 80],
    ['10.1.2.3:81', '10.1.2.3', 81],
    ['10.0.0.0/8', '::ffff:10.1.2.3', 80],
    ['fd00::/8', 'fd00::1', 80],
    ['::1', '::1', 80],
    ['[::1]:8080', '::1', 8080],
  ])('%s lets %s:%i go directly', (entry, hostname, port) => {
    expect(readNoProxy(['other.test', entry])(hostname, port)).toBe(true);
  });

  it.each([
    ['example.org', 'badexample.org', 80],
    ['example.org', 'example.org.evil.test', 80],
    ['example.org:8080', 'example.org', 80],
    ['10.0.0.0/8', '11.0.0.1', 80],
    ['10.0.0.0/8', '10.test', 80],
    ['10.1.2.3:81', '10.1.2.3', 80],
    ['[::1]:8080', '::1', 80],
    ['hooks.example.org', 'example.org', 80],
  ])('%s leaves %s:%i to the proxy', (entry, hostname, port) => {
    expect(readNoProxy([entry])(hostname, port)).toBe(false);
  });

  it('without entries leaves everything to the proxy', () => {
    expect(readNoProxy([])('example.org', 80)).toBe(false);
  });
});
