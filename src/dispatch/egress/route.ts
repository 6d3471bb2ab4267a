/** Where a webhook's requests go and over which connections. */
import type { Reach } from './egress-policy.ts';

export interface Route {
  /** `https://host:port`, as `URL.origin` spells it. */
  readonly origin: string;
  /** False accepts any certificate. */
  readonly sslVerification: boolean;
  readonly reach: Reach;
  /** PEM; the only authority trusted. */
  readonly caCertificate?: string;
  /** Routes of one key share connections; nothing that decides whether a connection may be made is left out of it. */
  readonly key: string;
}

export function createRoute(facts: Omit<Route, 'key'>): Route {
  const { origin, sslVerification, reach, caCertificate } = facts;
  return { ...facts, key: JSON.stringify([origin, reach.name, sslVerification, caCertificate]) };
}
