/** TLS in front of a PostgreSQL server that has none, for connections that ask for it as PostgreSQL's clients do. */
import { connect, createServer, type Socket } from 'node:net';
import { TLSSocket, createSecureContext } from 'node:tls';

import type { Certificate } from './certificate.ts';

export interface PostgresTls extends AsyncDisposable {
  /** The URL of the database behind, with the port of this one and no word on TLS. */
  readonly url: URL;
}

/** @param url of the database behind. Source: PostgreSQL's protocol, "SSL Session Encryption". */
export async function startPostgresTls(
  url: string,
  { cert, key }: Certificate,
): Promise<PostgresTls> {
  const secureContext = createSecureContext({ cert, key });
  const behind = new URL(url);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer(plain => {
    keep(plain);
    // The first message asks for TLS, and is alone.
    plain.once('data', () => {
      plain.write('S');
      const secured = new TLSSocket(plain, { isServer: true, secureContext });
      const inner = connect(Number(behind.port), behind.hostname);
      keep(secured);
      keep(inner);
      secured.pipe(inner).pipe(secured);
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new RangeError('it listens on a port');
  const shown = new URL(url);
  shown.hostname = '127.0.0.1';
  shown.port = String(address.port);
  return {
    url: shown,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
