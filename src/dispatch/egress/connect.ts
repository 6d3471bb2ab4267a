/**
 * Opens the connections of one route: to an address that the egress guard lets through, directly or through the proxy,
 * then TLS over it. Host header, SNI and the certificate's name stay those of the URL.
 */
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

import { buildConnector } from 'undici';

import type { EgressGuard, ResolvedAddress } from './guard.ts';
import type { GoesDirect } from './no-proxy.ts';
import type { Route } from './route.ts';
import type { Trust } from './trust.ts';
import { openTunnel, type Proxy } from './tunnel.ts';

type Connector = buildConnector.connector;
/** Opens a connection to the receiver. */
export type Connect = () => Promise<Socket>;
type Destination = buildConnector.Options;
/** Resolves the receiver to those of its addresses that are allowed. */
type Resolve = () => ReturnType<EgressGuard['resolve']>;

/** An attempt's own deadline is usually sooner; this one ends a connection that nobody waits for any more. */
const connectMs = 10_000;

export interface ConnectOptions {
  readonly guard: EgressGuard;
  readonly trust: Trust;
  readonly proxy?: ReceiverProxy | undefined;
}

export interface ReceiverProxy extends Proxy {
  readonly goesDirect: GoesDirect;
  /**
   * `here`: names are resolved and judged by the guard, and the proxy is asked for an address. `proxy`: it is asked for
   * the name, and where that leads is its business; the guard sees only addresses in URLs.
   */
  readonly resolve: 'here' | 'proxy';
}

/** A step that a connection has reached. */
export type ConnectionStep =
  | { readonly kind: 'resolved'; readonly addresses: readonly ResolvedAddress[] }
  | {
      /** The receiver is at the other end. */
      readonly kind: 'reached';
      readonly socket: Socket;
      /** The name or address that the proxy was asked for; absent without a proxy. */
      readonly tunnelTo?: string;
    }
  | { readonly kind: 'secured'; readonly socket: TLSSocket };

export type Watch = (step: ConnectionStep) => void;

/**
 * Creates the connector of a route.
 *
 * @throws Error of OpenSSL when the route's certificate authority is invalid.
 */
export type OpenConnector = (route: Route, watch?: Watch) => Connect;

export function createConnectors({ guard, trust, proxy }: ConnectOptions): OpenConnector {
  return (route, watch = () => {}) => {
    const end = endpointOf(route.origin);
    const resolve: Resolve = async () => {
      const addresses = await guard.resolve(end.host, end.port, route.reach, route.owner);
      watch({ kind: 'resolved', addresses });
      return addresses;
    };
    const dial =
      proxy && !proxy.goesDirect(end.host, end.port)
        ? tunnelDialer({ ...end, proxy, resolve, watch })
        : directDialer({ ...end, resolve, watch });
    const secure = end.isTls ? createSecurer(route, trust) : undefined;

    return async () => {
      // A proxy may resolve the name in our place.
      guard.requireOther(end.host, end.port);
      const socket = await dial();
      if (!secure) return socket;
      const secured = await secure(socket);
      if (secured instanceof TLSSocket) watch({ kind: 'secured', socket: secured });
      return secured;
    };
  };
}

interface Endpoint {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

function endpointOf(origin: string): Endpoint {
  const { hostname, port, protocol } = new URL(origin);
  const isTls = protocol === 'https:';
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(port) || (isTls ? 443 : 80), isTls };
}

type Dial = () => Promise<Socket>;

interface DialOptions extends Endpoint {
  readonly resolve: Resolve;
  readonly watch: Watch;
}

function directDialer({ host, port, resolve, watch }: DialOptions): Dial {
  const connector = buildConnector({ timeout: connectMs, lookup: guardedLookup(resolve) });
  const target = { protocol: 'http:', hostname: host, port: String(port) };
  return async () => {
    // A name is resolved, and judged, by node:net's own look-up; for an address there is no look-up.
    if (isIP(host) !== 0) await resolve();
    const socket = await connectOnce(connector, target);
    watch({ kind: 'reached', socket });
    return socket;
  };
}

function tunnelDialer({
  host,
  port,
  proxy,
  resolve,
  watch,
}: DialOptions & { readonly proxy: ReceiverProxy }): Dial {
  return async () => {
    const tunnelTo = await hostForProxy();
    const authority = `${isIP(tunnelTo) === 6 ? `[${tunnelTo}]` : tunnelTo}:${port}`;
    const socket = await openTunnel(proxy, authority, connectMs);
    watch({ kind: 'reached', socket, tunnelTo });
    return socket;
  };

  async function hostForProxy(): Promise<string> {
    if (proxy.resolve === 'proxy' && isIP(host) === 0) {
      watch({ kind: 'resolved', addresses: [] });
      return host;
    }
    const addresses = await resolve();
    // IPv4 first: every proxy has it.
    return (addresses.find(({ family }) => family === 4) ?? addresses[0])?.address ?? host;
  }
}

/** Creates what speaks TLS over a socket that leads to the receiver. */
function createSecurer(
  { origin, caCertificate, sslVerification }: Route,
  trust: Trust,
): (socket: Socket) => Promise<Socket> {
  const secureContext = trust(caCertificate);
  const connector = buildConnector({
    timeout: connectMs,
    allowH2: false,
    rejectUnauthorized: sslVerification,
    secureContext,
  });
  const { protocol, host, port } = new URL(origin);
  const target = { protocol, host, hostname: endpointOf(origin).host, port };
  return async socket => {
    try {
      return await connectOnce(connector, { ...target, httpSocket: socket });
    } catch (error) {
      socket.destroy();
      throw error;
    }
  };
}

/** Connects. @throws the error that the connector calls back with. */
async function connectOnce(connector: Connector, target: Destination): Promise<Socket> {
  return new Promise((resolve, reject) => {
    connector(target, (error, socket) => {
      if (error) reject(error);
      else resolve(socket);
    });
  });
}

/** The look-up that node:net calls for the addresses to connect to. */
function guardedLookup(resolve: Resolve): LookupFunction {
  return (...asked) => void answer(...asked);

  async function answer(...[, { all }, callback]: Parameters<LookupFunction>): Promise<void> {
    const found = await resolve().catch(asError);
    if (found instanceof Error) callback(found, '');
    else if (all === true) callback(null, [...found]);
    else callback(null, found[0]?.address ?? '', found[0]?.family);
  }
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));
