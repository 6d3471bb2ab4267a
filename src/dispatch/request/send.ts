/**
 * Sends HTTP requests and reports the result. It knows nothing of webhooks, tries or rows.
 *
 * A deadline ends the whole attempt: connecting, sending, waiting and reading, however slowly the receiver drips.
 * Redirects are answers like any other. The response is read up to a cap and then cut off.
 */
import { Connections } from '../connection/connections.ts';
import { RunningAttempt, skipped, unsent, type SentAttempt } from './attempt.ts';
import type { OpenConnector } from '../egress/connect.ts';
import type { OutgoingRequest } from './outgoing.ts';
import type { Route } from '../egress/route.ts';

export interface Sender {
  /**
   * Sends at once, or when the request is there; calls `done` exactly once, never before it returns. A promise that is
   * rejected is an attempt without a request.
   */
  send(
    request: OutgoingRequest | Promise<OutgoingRequest>,
    done: (attempt: SentAttempt) => void,
  ): void;
  /** Ends every request in flight as interrupted. */
  interrupt(): void;
  /** Closes the connections. */
  close(): void;
}

export interface SenderOptions {
  readonly connector: OpenConnector;
  /** Number of bytes of a response that are kept. */
  readonly responseBytesMax: number;
}

const sweepMs = 5_000;

/** There are as many connections at a time as requests in flight, and those that answered lately. */
export function createSender({ connector, responseBytesMax }: SenderOptions): Sender {
  const routes = new Map<string, Connections>();
  const running = new Set<RunningAttempt>();
  const later = createDeferred(sendNow);
  const sweep = setInterval(closeIdle, sweepMs).unref();

  function connectionsOf(route: Route): Connections {
    const known = routes.get(route.key);
    if (known) return known;
    const connections = new Connections(route.origin, connector(route));
    routes.set(route.key, connections);
    return connections;
  }

  function closeIdle(): void {
    for (const [key, connections] of routes) {
      connections.closeIdle();
      if (connections.size === 0) routes.delete(key);
    }
  }

  function sendNow(request: OutgoingRequest, done: (attempt: SentAttempt) => void): void {
    const { route, timeoutMs, skip, conceal } = request;
    if (skip !== undefined) return queueMicrotask(() => done(skipped(skip)));
    const attempt = new RunningAttempt({
      keepBytes: responseBytesMax,
      timeoutMs,
      conceal,
      done: result => {
        running.delete(attempt);
        done(result);
      },
    });
    running.add(attempt);
    try {
      attempt.follow(connectionsOf(route).send(request, attempt));
    } catch (error) {
      // The route's certificate authority is invalid, or the request cannot be written (a forbidden character).
      queueMicrotask(() => attempt.fail(error));
    }
  }

  return {
    send(request, done) {
      if (request instanceof Promise) void later.send(request, done);
      else sendNow(request, done);
    },
    interrupt() {
      later.interrupt();
      for (const attempt of running) attempt.interrupt();
    },
    close() {
      clearInterval(sweep);
      for (const connections of routes.values()) connections.destroy();
    },
  };
}

type Done = (attempt: SentAttempt) => void;

/** Attempts whose request is still being built: they end as others do, by being sent, by failing, or by shutdown. */
interface Deferred {
  /** Calls `done`, or hands it to `send`, exactly once. Never rejects. */
  send(request: Promise<OutgoingRequest>, done: Done): Promise<void>;
  /** Ends all of them; their requests are not sent any more. */
  interrupt(): void;
}

export function createDeferred(send: (request: OutgoingRequest, done: Done) => void): Deferred {
  const waiting = new Set<() => void>();
  return {
    async send(request, done) {
      const startedAtMs = Date.now();
      const interrupt = (): void => done({ ...unsent(shutdown, startedAtMs), interrupted: true });
      waiting.add(interrupt);
      const built = await request.catch((error: unknown) => ({ error }));
      if (!waiting.delete(interrupt)) return;
      if ('error' in built) done(unsent(built.error, startedAtMs));
      else send(built, done);
    },
    interrupt() {
      const ended = [...waiting];
      waiting.clear();
      for (const end of ended) end();
    },
  };
}

const shutdown = new Error('interrupted by shutdown');
