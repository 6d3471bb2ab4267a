/**
 * Makes the connections of one route, each to an address the egress guard has let through, directly or through the
 * proxy. Host header, SNI and the certificate's name stay those of the URL.
 */
import { isIP, type LookupFunction, type Socket } from 'node:net';

import { buildConnector } from 'undici';

import type { Egress } from './egress.ts';
import type { GoesDirect } from './no-proxy.ts';
import type { Route } from './route.ts';
import type { Trust } from './trust.ts';
import { openTunnel, type Proxy } from './tunnel.ts';

type Connector = buildConnector.connector;
type Resolve = (host: string) => ReturnType<Egress['resolve']>;

/** An attempt's own deadline is mostly sooner; this one ends a connection nobody waits for any more. */
const connectMs = 10_000;

export interface ConnectOptions {
  readonly egress: Egress;
  readonly trust: Trust;
  readonly proxy?: ReceiverProxy | undefined;
}

export interface ReceiverProxy extends Proxy {
  readonly goesDirect: GoesDirect;
  /**
   * `here`: names are resolved and judged by the guard, and the proxy is asked for an address. `proxy`: it is asked for
   * the name, and what that leads to is its business; the guard sees no more than addresses in URLs.
   */
  readonly resolve: 'here' | 'proxy';
}

/** What makes the connections of a route. */
export type OpenConnector = (route: Route) => Connector;

/** Refuses, or gives the tunnel to go through; undefined for a direct connection. */
type Prepare = () => Promise<Socket | undefined>;

/** The connector throws Error of OpenSSL when the route's certificate authority is none. */
export function createConnectors({ egress, trust, proxy }: ConnectOptions): OpenConnector {
  return route => {
    const { hostname, port } = endOf(route.origin);
    const resolve: Resolve = async host => egress.resolve(host, port, route.reach);
    const secureContext = trust(route.caCertificate);
    const connect = buildConnector({
      timeout: connectMs,
      allowH2: false,
      rejectUnauthorized: route.sslVerification,
      ...(secureContext && { secureContext }),
      lookup: guardedLookup(resolve),
    });
    if (proxy && !proxy.goesDirect(hostname, port)) {
      return prepared(connect, async () => {
        const host = await hostForProxy(proxy, hostname, resolve);
        return openTunnel(proxy, `${isIP(host) === 6 ? `[${host}]` : host}:${port}`, connectMs);
      });
    }
    if (isIP(hostname) === 0) return connect;
    // An address is connected to without a look-up.
    return prepared(connect, async () => void (await resolve(hostname)));
  };
}

function endOf(origin: string): { readonly hostname: string; readonly port: number } {
  const { hostname, port, protocol } = new URL(origin);
  return {
    hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
  };
}

async function hostForProxy(
  { resolve: where }: ReceiverProxy,
  hostname: string,
  resolve: Resolve,
): Promise<string> {
  if (where === 'proxy' && isIP(hostname) === 0) return hostname;
  const addresses = await resolve(hostname);
  // Of the two families, the one that every proxy has.
  return (addresses.find(({ family }) => family === 4) ?? addresses[0])?.address ?? hostname;
}

function prepared(connect: Connector, prepare: Prepare): Connector {
  return (...asked) => void connectPrepared(...asked);

  async function connectPrepared(...[target, callback]: Parameters<Connector>): Promise<void> {
    const ready = await prepare().catch(asError);
    if (ready instanceof Error) return callback(ready, null);
    if (ready && target.protocol !== 'https:') return callback(null, ready);
    try {
      connect({ ...target, ...(ready && { httpSocket: ready }) }, callback);
    } catch (error) {
      // node:tls refuses options it cannot use before there is a socket of its own to fail.
      ready?.destroy();
      callback(asError(error), null);
    }
  }
}

/** What node:net asks for the addresses to connect to. */
function guardedLookup(resolve: Resolve): LookupFunction {
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
