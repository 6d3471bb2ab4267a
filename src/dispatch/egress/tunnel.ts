/**
 * A tunnel through an HTTP proxy. Plain HTTP goes through one as well: the proxy can neither read nor change what is
 * signed, and keeps no connection of its own in which webhooks would meet.
 *
 * Source: RFC 9110 section 9.3.6 (CONNECT).
 */
import { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';

import { Client } from 'undici';

import { describeError } from '../request/describe-error.ts';

export interface Proxy {
  /** `http://proxy:3128`, or `https:`; a user and password in it are presented to the proxy. */
  readonly url: string;
  /** Verifies the proxy's own certificate; the system's authorities when absent. */
  readonly secureContext?: SecureContext | undefined;
}

/** The proxy did not open a tunnel to the receiver. The attempt failed, and may be repeated. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly code = 'proxy_failed';
}

/**
 * Opens a tunnel.
 *
 * @param authority `host:port` of the receiver, an IPv6 address in brackets.
 * @throws {ProxyError}
 */
export async function openTunnel(
  { url, secureContext }: Proxy,
  authority: string,
  timeoutMs: number,
): Promise<Socket> {
  const { origin, username, password } = new URL(url);
  const credentials = [username, password].map(decodeURIComponent).join(':');
  const client = new Client(origin, {
    connect: { timeout: timeoutMs, allowH2: false, secureContext },
    headersTimeout: timeoutMs,
  });
  const { statusCode, socket } = await client
    .connect({
      path: authority,
      headers: {
        host: authority,
        ...(credentials !== ':' && {
          'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}`,
        }),
      },
    })
    .catch(async (cause: unknown) => {
      await client.destroy();
      throw new ProxyError(`the proxy cannot be used: ${describeError(cause)}`, { cause });
    });
  // The socket is no longer the client's, which has nothing left to do. Until somebody takes it, nobody listens to it.
  void client.close();
  socket.on('error', () => {});
  if (statusCode >= 200 && statusCode < 300 && socket instanceof Socket) return socket;
  socket.destroy();
  throw new ProxyError(`the proxy answered ${statusCode} to CONNECT ${authority}`);
}
