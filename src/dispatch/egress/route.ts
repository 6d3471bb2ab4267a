/** The route of a webhook's requests: where they go, and over which connections. */
import type { Reach } from './egress-policy.ts';

export interface Route {
  /** `https://host:port`, as `URL.origin` spells it. */
  readonly origin: string;
  /** False accepts any certificate. */
  readonly sslVerification: boolean;
  readonly reach: Reach;
  /** The only certificate authority trusted, as PEM. */
  readonly caCertificate?: string;
  /** The account whose turn a look-up of the name takes: of those who share the route, the first. */
  readonly owner?: string;
  /**
   * Routes with the same key share connections; it holds everything that decides whether a connection may be opened.
   */
  readonly key: string;
}

export function createRoute(facts: Omit<Route, 'key'>): Route {
  const { origin, sslVerification, reach, caCertificate } = facts;
  return { ...facts, key: JSON.stringify([origin, reach.name, sslVerification, caCertificate]) };
}
