/** The keys of the way out: where deliveries may go, and how. */
import type { Keys } from '../value/value-kind.ts';
import { proxyResolves, type ProxyResolve } from '../words.ts';

/** What convict holds of the section `egress`. */
export interface RawEgress {
  allow: string[];
  deny: string[];
  proxy: { url: string | null; noProxy: string[] | null; resolve: ProxyResolve };
  tls: { caFile: string | null; certFile: string | null; keyFile: string | null };
}

const proxy: Keys<RawEgress['proxy']> = {
  url: {
    doc: 'Proxy that deliveries go through, by CONNECT: `http://user:password@proxy:3128`, or `https:`. Without it, directly.',
    format: 'httpUrl',
    default: null,
    nullable: true,
    env: 'HOOKLINE_EGRESS_PROXY_URL',
  },
  noProxy: {
    doc: 'Receivers that are connected to directly all the same: names (and all below them), addresses, ranges, each with an optional port; * is all.',
    format: 'list',
    default: null,
    nullable: true,
    env: 'HOOKLINE_EGRESS_PROXY_NO_PROXY',
  },
  resolve: {
    doc: 'Who resolves names behind the proxy. With here, addresses are judged and the proxy is asked for an address; with proxy, it is asked for the name and has to refuse what is internal itself.',
    format: 'word',
    words: proxyResolves,
    default: 'here',
    env: 'HOOKLINE_EGRESS_PROXY_RESOLVE',
  },
};

const tls: Keys<RawEgress['tls']> = {
  caFile: {
    doc: "PEM file of authorities to trust beside the system's, at receivers and the proxy. A webhook may name its own instead.",
    format: 'text',
    default: null,
    nullable: true,
    env: 'HOOKLINE_EGRESS_TLS_CA_FILE',
  },
  certFile: {
    doc: 'PEM file of the certificate shown to receivers that ask for one; goes with keyFile.',
    format: 'text',
    default: null,
    nullable: true,
    env: 'HOOKLINE_EGRESS_TLS_CERT_FILE',
  },
  keyFile: {
    doc: "PEM file of that certificate's key.",
    format: 'text',
    default: null,
    nullable: true,
    env: 'HOOKLINE_EGRESS_TLS_KEY_FILE',
  },
};

export const egressKeys: Keys<RawEgress> = {
  allow: {
    doc: 'Ranges that every webhook may deliver to, though they are closed otherwise: loopback, link-local, unspecified, multicast and reserved ones to all webhooks, private ones to those that no root admin owns.',
    format: 'ranges',
    default: [],
    env: 'HOOKLINE_EGRESS_ALLOW',
  },
  deny: {
    doc: 'Ranges that no webhook may deliver to. It wins over allow.',
    format: 'ranges',
    default: [],
    env: 'HOOKLINE_EGRESS_DENY',
  },
  proxy,
  tls,
};
