/**
 * A receiver that counts what it accepted, and by which process it was sent.
 *
 * A request is counted for the life in which its connection was made. A life ends when its process is gone and the
 * last of its connections is closed, so nothing that was still under way is counted for the next one.
 */
import { hash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import { hasValidSignature } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';

/** One delivery, told by path, `webhook-id` and body, and how often it was accepted. */
export interface Accepted {
  readonly path: string;
  readonly id: string;
  /** SHA-256 of the body. */
  readonly body: string;
  /** One entry for each time it was accepted. */
  readonly lives: number[];
}

export interface Counter extends AsyncDisposable {
  /** `http://127.0.0.1:port`, without a path. */
  readonly url: string;
  readonly accepted: ReadonlyMap<string, Accepted>;
  /** Requests accepted, each repetition too. */
  readonly total: number;
  /** Requests that were no delivery, or whose signature did not hold. */
  readonly refused: number;
  /** To be called when the process is gone. */
  endLife(): Promise<void>;
}

export interface CounterOptions {
  /** The secret of the webhook at that path. */
  readonly secretOf: (path: string) => string;
  /** True answers the first request for a delivery with 503. */
  readonly failsFirst: (path: string, id: string) => boolean;
}

export async function startCounter(options: CounterOptions): Promise<Counter> {
  const accepted = new Map<string, Accepted>();
  const failed = new Set<string>();
  const lives = new WeakMap<Socket, number>();
  let connections = 0;
  let life = 0;
  let total = 0;
  let refused = 0;

  function answer(incoming: IncomingMessage, body: Buffer): number {
    const { headers, url: path = '', method = '', socket } = incoming;
    const id = headers['webhook-id'];
    const request = { method, path, headers, body, receivedAt: 0 };
    if (typeof id !== 'string' || !hasValidSignature(request, options.secretOf(path))) {
      refused += 1;
      return 400;
    }
    const digest = hash('sha256', body);
    const key = `${path} ${id} ${digest}`;
    if (options.failsFirst(path, id) && !failed.has(key)) {
      failed.add(key);
      return 503;
    }
    const known = accepted.get(key) ?? { path, id, body: digest, lives: [] };
    known.lives.push(lives.get(socket) ?? -1);
    accepted.set(key, known);
    total += 1;
    return 200;
  }

  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => response.writeHead(answer(incoming, Buffer.concat(chunks))).end());
  });
  server.on('connection', socket => {
    lives.set(socket, life);
    connections += 1;
    socket.on('close', () => (connections -= 1));
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    accepted,
    get total() {
      return total;
    },
    get refused() {
      return refused;
    },
    endLife: async () => {
      await waitUntil('the connections of a killed process to close', () => connections === 0);
      life += 1;
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
