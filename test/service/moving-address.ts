/**
 * An address that leads to one server after another, as a virtual IP address or a service's name does, and whose
 * connections can fall silent, as those to a machine that lost its power or its network do.
 */
import { connect, createServer, type Socket } from 'node:net';

export interface MovingAddress extends AsyncDisposable {
  readonly port: number;
  /** The URL with the address in place of its own host and port. */
  of(url: string): string;
  /**
   * New connections lead there from now on. Those that exist stay with their server, and end when it ends them.
   *
   * @param port of a server on this machine; undefined: new connections are refused.
   */
  moveTo(port: number | undefined): void;
  /**
   * What is connected now, and whoever connects before the address moves again, gets no byte any more and is never told
   * that nobody is there. The server's side of the connections is cut, so that it does not hold what it held for them.
   */
  silence(): void;
  /** Number of the connections that are open, the silent ones included. */
  readonly connections: number;
}

/** @param port where it leads to at first. */
export async function openMovingAddress(port: number): Promise<MovingAddress> {
  let target: number | 'nobody' | 'silence' = port;
  const links = new Set<Link>();
  const server = createServer(client => {
    if (target === 'nobody') return void client.resetAndDestroy();
    const link = openLink(client, target === 'silence' ? undefined : target);
    links.add(link);
    client.once('close', () => links.delete(link));
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const own = typeof address === 'object' && address ? address.port : 0;
  return {
    port: own,
    of: url => {
      const moved = new URL(url);
      moved.host = `127.0.0.1:${own}`;
      return moved.href;
    },
    moveTo: next => {
      target = next ?? 'nobody';
    },
    silence: () => {
      target = 'silence';
      for (const link of links) link.silence();
    },
    get connections() {
      return links.size;
    },
    [Symbol.asyncDispose]: async () => {
      for (const link of links) link.cut();
      await new Promise(resolve => {
        server.close(resolve);
      });
    },
  };
}

interface Link {
  silence(): void;
  cut(): void;
}

/** @param port of the server; undefined: nobody ever answers the client. */
function openLink(client: Socket, port: number | undefined): Link {
  let isSilent = port === undefined;
  client.on('error', () => client.destroy());
  if (port === undefined) {
    client.resume();
    return { silence: () => {}, cut: () => client.destroy() };
  }
  const upstream = connect(port, '127.0.0.1');
  upstream.on('error', () => upstream.destroy());
  client.on('data', asked => void (isSilent || upstream.write(asked)));
  upstream.on('data', answered => void (isSilent || client.write(answered)));
  client.once('close', () => upstream.destroy());
  upstream.once('close', () => void (isSilent || client.destroy()));
  return {
    silence: () => {
      isSilent = true;
      upstream.destroy();
    },
    cut: () => client.destroy(),
  };
}
