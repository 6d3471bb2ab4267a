/**
 * Sends HTTP requests and reports the result. It knows nothing of webhooks, tries or rows.
 *
 * A deadline ends the whole attempt: connecting, sending, waiting and reading, however slowly the receiver drips.
 * Redirects are answers like any other. The response is read up to a cap and then cut off.
 */
import type { Pool } from 'undici';

import { RunningAttempt, skipped, unsent, type SentAttempt } from './attempt.ts';
import type { OpenConnector } from '../egress/connect.ts';
import { openPool, startRequest, type OutgoingRequest } from './pool.ts';
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
  close(): Promise<void>;
}

export interface SenderOptions {
  readonly connector: OpenConnector;
  /** Maximum number of connections of one route. */
  readonly concurrency: number;
  /** Number of bytes of a response that are kept. */
  readonly responseBytesMax: number;
}

const idlePoolMs = 60_000;

export function createSender({ connector, concurrency, responseBytesMax }: SenderOptions): Sender {
  const pools = new Map<string, { pool: Pool; usedAtMs: number }>();
  const running = new Set<RunningAttempt>();
  const later = createDeferred(sendNow);
  const sweep = setInterval(closeIdle, idlePoolMs).unref();

  function poolFor(route: Route, nowMs: number): Pool {
    let entry = pools.get(route.key);
    if (!entry) {
      entry = { pool: openPool(route.origin, connector(route), concurrency), usedAtMs: nowMs };
      pools.set(route.key, entry);
    }
    entry.usedAtMs = nowMs;
    return entry.pool;
  }

  function closeIdle(): void {
    const before = Date.now() - idlePoolMs;
    for (const [key, { pool, usedAtMs }] of pools) {
      if (usedAtMs > before || pool.stats.running > 0) continue;
      pools.delete(key);
      void pool.close();
    }
  }

  function sendNow(request: OutgoingRequest, done: (attempt: SentAttempt) => void): void {
    const { route, timeoutMs, skip } = request;
    if (skip !== undefined) return queueMicrotask(() => done(skipped(skip)));
    const attempt = new RunningAttempt({
      keepBytes: responseBytesMax,
      timeoutMs,
      done: result => {
        running.delete(attempt);
        done(result);
      },
    });
    running.add(attempt);
    try {
      startRequest(poolFor(route, attempt.startedAtMs), request, attempt);
    } catch (error) {
      // The route's certificate authority is invalid, or undici cannot write the request (a forbidden character).
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
    async close() {
      clearInterval(sweep);
      await Promise.all([...pools.values()].map(({ pool }) => pool.destroy()));
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
