/** A real HTTP(S) proxy that tunnels by CONNECT, and remembers what it was asked for. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { Certificate } from './certificate.ts';

export interface Tunnel {
  /** `host:port`, as asked for. */
  readonly authority: string;
  readonly headers: IncomingHttpHeaders;
}

export interface ProxyServer extends AsyncDisposable {
  /** `http://127.0.0.1:port`, or `https:`. */
  readonly url: string;
  readonly tunnels: readonly Tunnel[];
}

export interface ProxyOptions {
  readonly tls?: Certificate;
  /** Where a tunnel leads: a port of this machine, or a status that refuses it, or nowhere and no answer. */
  readonly lead: (
    tunnel: Tunnel,
  ) => { readonly port: number } | { readonly status: number } | 'never';
}

export async function startProxy({ tls, lead }: ProxyOptions): Promise<ProxyServer> {
  const tunnels: Tunnel[] = [];
  const sockets = new Set<Duplex>();
  const server: Server = tls ? createTlsServer({ cert: tls.cert, key: tls.key }) : createServer();
  server.on('connect', ({ url = '', headers }: IncomingMessage, client: Socket) => {
    const tunnel = { authority: url, headers };
    tunnels.push(tunnel);
    keep(sockets, client);
    const way = lead(tunnel);
    if (way === 'never') return;
    if ('status' in way) {
      client.end(`HTTP/1.1 ${way.status} Refused\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const receiver = connect(way.port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      receiver.pipe(client);
      client.pipe(receiver);
    });
    keep(sockets, receiver);
    for (const [one, other] of [
      [client, receiver],
      [receiver, client],
    ] as const) {
      one.once('close', () => other.destroy());
    }
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    tunnels,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function keep(sockets: Set<Duplex>, socket: Socket): void {
  sockets.add(socket);
  // Whoever is at the other end may cut it at any time.
  socket.on('error', () => {}).once('close', () => sockets.delete(socket));
}
