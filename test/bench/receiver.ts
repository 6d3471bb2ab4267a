/**
 * The receiver, a process of its own: node:http and nothing else, keep-alive, an empty 200. It notes when each numbered
 * event came for the first time. Path `/3` is lane 3; one lane can be told to accept and never answer.
 */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { type Arrivals, monotonicMs } from './arrivals.ts';
import { numberOf, secret } from './event.ts';
import { answerParent } from './rpc.ts';

export interface Begin {
  /** Events are numbered below this. */
  readonly count: number;
  /** The lane that is left without answers; all are answered when absent. */
  readonly silentLane?: number;
}

export interface Wait {
  /** Different events in the lanes that are answered. */
  readonly arrivals: number;
  readonly deadlineMs: number;
}

const sampleEvery = 1_000;

function emptyArrivals({ count, silentLane }: Begin) {
  return {
    silentLane,
    distinct: 0,
    arrivals: {
      atMs: new Float64Array(count).fill(Number.NaN),
      lane: new Uint8Array(count),
      sinceRecordedMs: new Float64Array(count).fill(Number.NaN),
      duplicates: 0,
      unanswered: 0,
      unsigned: 0,
    },
  };
}

let run = emptyArrivals({ count: 0 });
let held: ServerResponse[] = [];
let waiting: { readonly arrivals: number; readonly resolve: () => void } | undefined;

function arrive(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const lane = Number(request.url?.slice(1));
  if (lane === run.silentLane) {
    run.arrivals.unanswered += 1;
    held.push(response);
    return;
  }
  response.writeHead(200, { 'content-length': 0 }).end();
  const number = numberOf(body);
  const { arrivals } = run;
  if (number % sampleEvery === 0 && !isSigned(request, body)) arrivals.unsigned += 1;
  if (!Number.isNaN(arrivals.atMs[number])) {
    arrivals.duplicates += 1;
    return;
  }
  arrivals.atMs[number] = monotonicMs();
  arrivals.lane[number] = lane;
  arrivals.sinceRecordedMs[number] = Date.now() - recordedAtMs(request);
  run.distinct += 1;
  if (waiting && run.distinct >= waiting.arrivals) waiting.resolve();
}

function isSigned({ headers }: IncomingMessage, body: Buffer): boolean {
  const expected = createHmac('sha256', secret).update(body).digest('base64');
  return headers['x-cs-signature'] === expected;
}

/** The first 48 bits of a UUIDv7; NaN where there is no id. */
function recordedAtMs({ headers }: IncomingMessage): number {
  const id = headers['webhook-id'];
  return typeof id === 'string'
    ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
    : Number.NaN;
}

const server = createServer((request, response) => {
  let body: Buffer | undefined;
  request.on('data', (chunk: Buffer) => {
    body = body ? Buffer.concat([body, chunk]) : chunk;
  });
  request.on('end', () => arrive(request, response, body ?? Buffer.alloc(0)));
});
server.keepAliveTimeout = 120_000;

const handlers = {
  /** @returns the port. */
  listen: (): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once('error', reject).listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    }),
  /** Forgets what came before; lets go of those who still wait for an answer. */
  begin: (begin: Begin): void => {
    for (const response of held) response.destroy();
    held = [];
    run = emptyArrivals(begin);
  },
  /** @returns how many have come when there are enough or the deadline has passed. */
  wait: async ({ arrivals, deadlineMs }: Wait): Promise<number> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, deadlineMs);
    waiting = { arrivals, resolve };
    if (run.distinct < arrivals) await promise;
    clearTimeout(timer);
    waiting = undefined;
    return run.distinct;
  },
  report: (): Arrivals => run.arrivals,
};
export type ReceiverHandlers = typeof handlers;

answerParent(handlers);
