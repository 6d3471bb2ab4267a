/** Stands between Hookline and PostgreSQL, and loses answers or keeps still when told to. */
import { connect, createServer, type Socket } from 'node:net';

export interface Proxy extends AsyncDisposable {
  /** The same URL by way of the proxy. */
  readonly url: string;
  /**
   * The answer to the next statement that contains `part` is lost and its connection cut: what was asked has been
   * done, and whoever asked cannot know.
   *
   * @param after a part of a statement that came before it on the same connection.
   */
  loseAnswer(part: string, after?: string): void;
  /** The answer has not been lost yet. */
  readonly isLosing: boolean;
  /** From now on nothing passes, in either direction, and no connection ends. */
  freeze(): void;
  /** New bytes pass again. */
  thaw(): void;
}

export async function startProxy(databaseUrl: string): Promise<Proxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  /** What the statement contains whose answer is to be lost. */
  let part: string | undefined;
  /** What one before it contains, and the connections on which that has passed. */
  let before = '';
  let ready = new Set<Socket>();
  let frozen = false;

  function track(socket: Socket): Socket {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Either side's end is the other's, below; how it came about does not matter.
    socket.on('error', () => socket.destroy());
    return socket;
  }

  const server = createServer(incoming => {
    const client = track(incoming);
    const upstream = track(connect(Number(target.port), target.hostname));
    client.on('close', () => upstream.end());
    upstream.on('close', () => client.destroy());
    let isLost = false;
    client.on('data', asked => {
      if (frozen) return;
      if (part !== undefined && (before === '' || ready.has(client)) && asked.includes(part)) {
        isLost = true;
        part = undefined;
      }
      if (asked.includes(before)) ready.add(client);
      upstream.write(asked);
    });
    upstream.on('data', answered => {
      if (frozen) return;
      if (isLost) client.destroy();
      else client.write(answered);
    });
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const url = new URL(databaseUrl);
  url.port = String(typeof address === 'object' && address ? address.port : 0);
  return {
    url: url.href,
    loseAnswer: (next, after = '') => {
      part = next;
      before = after;
      ready = new Set();
    },
    get isLosing() {
      return part !== undefined;
    },
    freeze: () => {
      frozen = true;
    },
    thaw: () => {
      frozen = false;
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
