/** Which certificates of a PostgreSQL server are trusted. */
import type { Client } from 'pg';

import { trustEachGiven } from '../../event/network/trust.ts';

/**
 * Trusts each certificate of `sslrootcert` by itself. Options of TLS in the URL replace those given beside it, so this one
 * joins them afterwards. Source: pg, `ConnectionParameters`, whose `ssl` the client and its connection share.
 */
export function trustGiven(client: Client): Client {
  // Declared as a flag; it is an object where the URL says more than whether.
  const ssl: unknown = client.ssl;
  if (typeof ssl === 'object' && ssl !== null) Object.assign(ssl, trustEachGiven);
  return client;
}
