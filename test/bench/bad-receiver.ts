/**
 * Receivers of the kinds that hold others up, in a process of their own. The path says the kind: `/hung/7` never answers,
 * `/late/7` answers 200 after 900 ms, `/fickle/7` answers and hangs in turn, `/quick/7` answers 200 at once.
 */
import { createServer, type ServerResponse } from 'node:http';

import { answerParent } from './rpc.ts';

const lateMs = 900;
const counts = new Map<string, number>();
let held: ServerResponse[] = [];

function ok(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': 0 }).end();
}

const server = createServer((request, response) => {
  const path = request.url ?? '';
  const count = (counts.get(path) ?? 0) + 1;
  counts.set(path, count);
  request.resume().once('end', () => {
    if (path.startsWith('/quick/')) ok(response);
    else if (path.startsWith('/late/')) setTimeout(ok, lateMs, response);
    else if (path.startsWith('/fickle/') && count % 2 === 1) ok(response);
    else held.push(response);
  });
});
server.keepAliveTimeout = 120_000;

const handlers = {
  /** @returns the port. */
  listen: (): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once('error', reject).listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
        const address = server.address();
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    }),
  /** Lets go of those who still wait. @returns how many requests came since the last time. */
  reset: (): number => {
    for (const response of held) response.destroy();
    held = [];
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    counts.clear();
    return total;
  },
};
export type BadReceiverHandlers = typeof handlers;

answerParent(handlers);
