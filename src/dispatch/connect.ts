/**
 * Makes the connections of one route, each to an address the egress guard has let through. Host header, SNI and the
 * certificate's name stay those of the URL.
 */
import { isIP, type LookupFunction } from 'node:net';

import { buildConnector } from 'undici';

import type { Egress } from './egress.ts';
import type { Route } from './route.ts';

type Connector = buildConnector.connector;

/** An attempt's own deadline is mostly sooner; this one ends a connection nobody waits for any more. */
const connectMs = 10_000;

export function openConnector(egress: Egress, route: Route): Connector {
  const { reach, sslVerification } = route;
  const url = new URL(route.origin);
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const connect = buildConnector({
    timeout: connectMs,
    allowH2: false,
    rejectUnauthorized: sslVerification,
    lookup: guardedLookup(async hostname => egress.resolve(hostname, port, reach)),
  });
  return (target, callback) => {
    // An address is connected to without a look-up.
    if (isIP(target.hostname) === 0) connect(target, callback);
    else void connectToAddress(target, callback);
  };

  async function connectToAddress(...[target, callback]: Parameters<Connector>): Promise<void> {
    const found = await egress.resolve(target.hostname, port, reach).catch(asError);
    if (found instanceof Error) return callback(found, null);
    try {
      connect(target, callback);
    } catch (error) {
      // node:tls refuses options it cannot use before there is a socket to fail.
      callback(asError(error), null);
    }
  }
}

/** What node:net asks for the addresses to connect to. */
function guardedLookup(
  resolve: (hostname: string) => ReturnType<Egress['resolve']>,
): LookupFunction {
  return (...asked) => void answer(...asked);

  async function answer(...[hostname, { all }, callback]: Parameters<LookupFunction>) {
    const found = await resolve(hostname).catch(asError);
    if (found instanceof Error) callback(found, '');
    else if (all === true) callback(null, [...found]);
    else callback(null, found[0]?.address ?? '', found[0]?.family);
  }
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));
