/** The egress: the keys that say where deliveries may go, and how, and what they make. */
import { readPems } from '../file/pem.ts';
import type { Pems } from '../file/pem.ts';
import type { Report } from '../load/problem.ts';
import type { Section, ValueOf } from '../value/key.ts';

const proxy = {
  url: {
    doc: 'Proxy that deliveries go through, by CONNECT: `http://user:password@proxy:3128`, or `https:`. Without it, directly.',
    kind: 'httpUrl',
    optional: true,
  },
  noProxy: {
    doc: 'Receivers that are connected to directly all the same: names (and all below them), addresses, ranges, each with an optional port; * is all.',
    kind: 'list',
    optional: true,
  },
  resolve: {
    doc: 'Who resolves names behind the proxy. With here, addresses are judged and the proxy is asked for an address; with proxy, it is asked for the name and has to refuse what is internal itself.',
    kind: 'word',
    words: ['here', 'proxy'],
    default: 'here',
  },
} as const satisfies Section;

const tls = {
  caFile: {
    doc: "PEM file of authorities to trust beside the system's, at receivers and the proxy. A webhook may name its own instead.",
    kind: 'text',
    optional: true,
  },
  certFile: {
    doc: 'PEM file of the certificate shown to receivers that ask for one; goes with keyFile.',
    kind: 'text',
    optional: true,
  },
  keyFile: {
    doc: "PEM file of that certificate's key.",
    kind: 'text',
    optional: true,
  },
} as const satisfies Section;

export const egressKeys = {
  allow: {
    doc: 'Ranges that every webhook may deliver to, though they are closed otherwise: loopback, link-local, unspecified, multicast and reserved ones to all webhooks, private ones to those that no root admin owns.',
    kind: 'ranges',
    default: [],
  },
  deny: {
    doc: 'Ranges that no webhook may deliver to. It wins over allow.',
    kind: 'ranges',
    default: [],
  },
  proxy,
  tls,
} as const satisfies Section;

type EgressValues = ValueOf<typeof egressKeys>;
type ProxyValues = EgressValues['proxy'];

export interface EgressConfig extends Omit<EgressValues, 'proxy' | 'tls'> {
  /** Absent: receivers are connected to directly. */
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
