/** A receiver of a few lines of node:net or node:tls, which answers and closes its connections in the way it is told. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

import type { Certificate } from './certificate.ts';

/** @param number of the request on its connection, from 1. */
export type Act = (socket: Socket, number: number) => void;

export interface ClosingReceiver extends AsyncDisposable {
  readonly origin: string;
  /** Connections that were accepted. */
  connections(): number;
  /** Requests whose head arrived. */
  requests(): number;
}

export const okAnswer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** @param act called for each request. */
export async function startClosingReceiver(
  act: Act,
  { tls }: { readonly tls?: Certificate } = {},
): Promise<ClosingReceiver> {
  const open = new Set<Socket>();
  let accepted = 0;
  let requests = 0;
  const serve = (socket: Socket): void => {
    let onThis = 0;
    accepted += 1;
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    socket.on('data', (bytes: Buffer) => {
      if (!bytes.includes('HTTP/1.1\r\n')) return;
      requests += 1;
      act(socket, (onThis += 1));
    });
  };
  const server: Server = tls
    ? createTlsServer({ cert: tls.cert, key: tls.key }, serve).on('tlsClientError', () => {})
    : createServer(serve);
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    connections: () => accepted,
    requests: () => requests,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>(resolve => {
        server.close(() => resolve());
      });
    },
  };
}
