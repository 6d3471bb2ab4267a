/** The section `egress`: where deliveries may go, and by which proxy and certificates. Its keys, and what they build. */
import { readPems } from '../file/pem.ts';
import type { Pems } from '../file/pem.ts';
import type { Report } from '../load/problem.ts';
import type { Section, ValueOf } from '../value/key.ts';

const proxy = {
  url: {
    doc: 'HTTP proxy that deliveries go through, by CONNECT: `http://user:password@proxy:3128`, or `https:`. If unset, receivers are connected to directly.',
    kind: 'httpUrl',
    optional: true,
  },
  noProxy: {
    doc: 'Receivers that bypass the proxy: host names (subdomains included), addresses or ranges, each with an optional port; * is all of them.',
    kind: 'list',
    optional: true,
  },
  resolve: {
    doc: "Who resolves receivers' host names. With here, Hookline resolves and checks them, and asks the proxy for an address; with proxy, it passes the name on, and the proxy itself has to refuse internal addresses.",
    kind: 'word',
    words: ['here', 'proxy'],
    default: 'here',
  },
} as const satisfies Section;

const tls = {
  caFile: {
    doc: "PEM file of certificate authorities, or of certificates of receivers or the proxy, to trust in addition to the system's authorities. A webhook may name its own instead.",
    kind: 'text',
    optional: true,
  },
  certFile: {
    doc: 'PEM file of the client certificate for receivers that request one; requires keyFile.',
    kind: 'text',
    optional: true,
  },
  keyFile: {
    doc: 'PEM file of the private key of certFile.',
    kind: 'text',
    optional: true,
  },
} as const satisfies Section;

export const egressKeys = {
  allow: {
    doc: 'Address ranges to open to every webhook. Otherwise loopback, link-local, unspecified, multicast and reserved addresses are closed to all webhooks, and private ones to those that no root admin owns.',
    kind: 'ranges',
    default: [],
  },
  deny: {
    doc: 'Address ranges that no webhook may deliver to; overrides allow.',
    kind: 'ranges',
    default: [],
  },
  proxy,
  tls,
} as const satisfies Section;

type EgressValues = ValueOf<typeof egressKeys>;
type ProxyValues = EgressValues['proxy'];

export interface EgressConfig extends Omit<EgressValues, 'proxy' | 'tls'> {
  /** Proxy for all deliveries; absent: receivers are connected to directly. */
  readonly proxy?: ProxyValues & {
    readonly url: string;
    readonly noProxy: readonly string[];
  };
  readonly tls: Pems;
}

export function buildEgress(
  { proxy: { url, noProxy = [], resolve }, tls: files, ...ranges }: EgressValues,
  cwd: string,
  report: Report,
): EgressConfig {
  return {
    ...ranges,
    proxy: url === undefined ? undefined : { url, noProxy, resolve },
    tls: readPems(files, 'egress.tls', cwd, report),
  };
}
