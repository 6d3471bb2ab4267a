/** The keys of the way out: where deliveries may go, and how. */
import type { Keys } from './format.ts';

/** What convict holds of the section `egress`. */
export interface RawEgress {
  allow: string[];
  deny: string[];
}

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
};
