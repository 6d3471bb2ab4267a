/** A real HTTP(S) server that gets deliveries, remembers them and answers as it is told. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';

import type { Certificate } from './certificate.ts';
import { waitUntil } from './wait-until.ts';

export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Exactly as received. */
  readonly body: Buffer;
  /** When the whole of it had come, in milliseconds since the epoch with fractions. */
  readonly receivedAt: number;
}

/** What to answer; 200 without a body by default. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Waits before it answers. */
  readonly delayMs?: number;
  /** `never`: keeps the connection and says nothing. `reset`: cuts the connection. */
  readonly instead?: 'never' | 'reset';
}

export interface Receiver extends AsyncDisposable {
  /** `http://127.0.0.1:port/`, or `https:`. */
  readonly url: string;
  readonly port: number;
  /** In the order they came; empty with the option `remember: false`. */
  readonly requests: readonly ReceivedRequest[];
  /** How often each `webhook-id` came. */
  readonly counts: ReadonlyMap<string, number>;
  /** All requests, whatever they were. */
  total(): number;
  /** How it answers from now on. */
  answerWith(answer: Answer | ((request: ReceivedRequest) => Answer)): void;
  /** Waits until that many requests have come, and gives those there are. */
  waitFor(total: number, deadlineMs?: number): Promise<readonly ReceivedRequest[]>;
  /** Waits until that many different `webhook-id`s have come. */
  waitForDistinct(total: number, deadlineMs?: number): Promise<void>;
  clear(): void;
  /** Cuts every connection and takes new ones. */
  cut(): void;
  /** Cuts every connection. Idempotent. */
  stop(): Promise<void>;
}

export interface ReceiverOptions {
  /** Of this machine; 127.0.0.1 by default. */
  readonly host?: string;
  /** 0, the default, is a free one. */
  readonly port?: number;
  readonly tls?: Certificate;
  /** PEM; only clients with a certificate of this authority are let in. */
  readonly clientCa?: string;
  /** False keeps nothing but the counts, for many requests. */
  readonly remember?: boolean;
}

export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const { host = '127.0.0.1', port = 0, tls, clientCa, remember = true } = options;
  const requests: ReceivedRequest[] = [];
  const counts = new Map<string, number>();
  let total = 0;
  let answer: Answer | ((request: ReceivedRequest) => Answer) = {};
  const handle = (incoming: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = received(incoming, chunks);
      const id = request.headers['webhook-id'];
      if (typeof id === 'string') counts.set(id, (counts.get(id) ?? 0) + 1);
      total += 1;
      if (remember) requests.push(request);
      reply(response, typeof answer === 'function' ? answer(request) : answer);
    });
  };
  const server = tls
    ? createTlsServer(
        {
          cert: tls.cert,
          key: tls.key,
          ...(clientCa !== undefined && { ca: clientCa, requestCert: true }),
        },
        handle,
      )
    : createServer(handle);
  const boundPort = await listen(server, host, port);
  const stop = async (): Promise<void> => close(server);
  return {
    url: `${tls ? 'https' : 'http'}://${host}:${boundPort}/`,
    port: boundPort,
    requests,
    counts,
    total: () => total,
    answerWith: next => {
      answer = next;
    },
    waitFor: async (wanted, deadlineMs) => {
      await waitUntil(`${wanted} requests`, () => total >= wanted, deadlineMs);
      return requests;
    },
    waitForDistinct: async (wanted, deadlineMs) => {
      await waitUntil(`${wanted} different ids`, () => counts.size >= wanted, deadlineMs);
    },
    clear: () => {
      requests.length = 0;
      counts.clear();
      total = 0;
    },
    cut: () => server.closeAllConnections(),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Whether `X-CS-Signature` is the base64 HMAC-SHA256 of the body under the secret's UTF-8 bytes. */
export function hasValidSignature(request: ReceivedRequest, secret: string): boolean {
  const given = request.headers['x-cs-signature'];
  if (typeof given !== 'string') return false;
  const expected = createHmac('sha256', secret).update(request.body).digest();
  const actual = Buffer.from(given, 'base64');
  return (
    actual.toString('base64') === given &&
    actual.length === expected.length &&
    timingSafeEqual(actual, expected)
  );
}

function received(incoming: IncomingMessage, chunks: Buffer[]): ReceivedRequest {
  const [first] = chunks;
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers,
    body: chunks.length === 1 && first ? first : Buffer.concat(chunks),
    receivedAt: performance.timeOrigin + performance.now(),
  };
}

function reply(response: ServerResponse, answer: Answer): void {
  const { status = 200, headers = {}, body = '', delayMs = 0, instead } = answer;
  const act = (): void => {
    if (instead === 'reset') response.destroy();
    else if (instead === undefined) {
      response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers });
      response.end(body);
    }
  };
  if (delayMs === 0) act();
  else setTimeout(act, delayMs);
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve, reject) => {
    server.close(error => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}
