/**
 * One HTTP request, from the bytes to what came of it. Nothing about webhooks, tries or rows.
 *
 * A deadline ends the whole attempt: connecting, sending, waiting and reading, however slowly the receiver drips.
 * Redirects are answers like any other. The response is read up to a cap and then cut off.
 */
import { Pool, type Dispatcher } from 'undici';

import type { Attempt } from '../event/delivery.ts';
import { retryAfterMs } from '../outcome/retry-after.ts';

export interface OutgoingRequest {
  /** `https://host:port`, as `URL.origin` spells it. */
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  /** Name, value, name, value, … */
  readonly headers: string[];
  readonly body: Buffer;
  /** From now until the response is read. */
  readonly timeoutMs: number;
  /** False accepts any certificate. */
  readonly sslVerification: boolean;
}

/** What came of a request. */
export interface SentAttempt extends Attempt {
  /** Shutdown cut it short: it says nothing about the receiver and does not count as a try. */
  readonly interrupted: boolean;
}

export interface Sender {
  /** Sends at once; calls `done` exactly once, never before it returns. */
  send(request: OutgoingRequest, done: (attempt: SentAttempt) => void): void;
  /** Ends every request in flight as interrupted. */
  interrupt(): void;
  /** Closes the connections. */
  close(): Promise<void>;
}

export interface SenderOptions {
  /** Connections to one origin at most. */
  readonly concurrency: number;
  /** How much of a response is kept, in bytes. */
  readonly responseBytesMax: number;
}

/** A response longer than this is cut off; up to here it is read to its end, which keeps the connection. */
const readBytesMax = 65_536;
const idlePoolMs = 60_000;

export function createSender(options: SenderOptions): Sender {
  const pools = new Map<string, { pool: Pool; usedAtMs: number }>();
  const running = new Set<RunningAttempt>();
  const sweep = setInterval(closeIdle, idlePoolMs).unref();

  function poolFor(origin: string, sslVerification: boolean, nowMs: number): Pool {
    const key = sslVerification ? origin : `${origin} unverified`;
    let entry = pools.get(key);
    if (!entry) {
      entry = { pool: openPool(origin, sslVerification, options.concurrency), usedAtMs: nowMs };
      pools.set(key, entry);
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

  return {
    send(request, done) {
      const attempt = new RunningAttempt(options.responseBytesMax, request.timeoutMs, result => {
        running.delete(attempt);
        done(result);
      });
      running.add(attempt);
      const { origin, path, headers, body, sslVerification } = request;
      try {
        poolFor(origin, sslVerification, attempt.startedAtMs).dispatch(
          { path, method: 'POST', headers, body },
          attempt,
        );
      } catch (error) {
        // undici refuses a request it cannot write (a header or path with forbidden characters).
        queueMicrotask(() => attempt.fail(error));
      }
    },
    interrupt() {
      for (const attempt of running) attempt.interrupt();
    },
    async close() {
      clearInterval(sweep);
      await Promise.all([...pools.values()].map(({ pool }) => pool.destroy()));
    },
  };
}

function openPool(origin: string, sslVerification: boolean, connections: number): Pool {
  return new Pool(origin, {
    connections,
    pipelining: 1,
    // The attempt's own deadline covers every phase.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 30_000,
    allowH2: false,
    connect: { rejectUnauthorized: sslVerification },
  });
}

/** undici's handler of one request. Ends once: by the response, an error, the deadline, or shutdown. */
class RunningAttempt implements Dispatcher.DispatchHandler {
  readonly startedAtMs = Date.now();
  readonly #startedAt = performance.now();
  readonly #keepBytes: number;
  readonly #deadline: NodeJS.Timeout;
  #done: ((attempt: SentAttempt) => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status: number | undefined;
  #retryAfterMs: number | undefined;
  #read = 0;
  #kept: Buffer[] = [];

  constructor(keepBytes: number, timeoutMs: number, done: (attempt: SentAttempt) => void) {
    this.#keepBytes = keepBytes;
    this.#done = done;
    this.#deadline = setTimeout(() => this.#expire(timeoutMs), timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // The deadline may pass while the request still waits for a connection.
    if (!this.#done) controller.abort(new Error('ended before it began'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    const asked = headers['retry-after'];
    if (typeof asked === 'string') this.#retryAfterMs = retryAfterMs(asked, Date.now());
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const room = this.#keepBytes - this.#read;
    if (room > 0) this.#kept.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    this.#read += chunk.length;
    if (this.#read <= readBytesMax) return;
    this.#end();
    controller.abort(new Error(`response is longer than ${readBytesMax} bytes`));
  }

  onResponseEnd(): void {
    this.#end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  fail(error: unknown): void {
    this.#end(describe(error));
  }

  interrupt(): void {
    this.#end('interrupted by shutdown', true);
    this.#controller?.abort(new Error('shutdown'));
  }

  #expire(timeoutMs: number): void {
    const phase = this.#status === undefined ? 'no response' : 'response not complete';
    // A status without its body is no answer: the receiver may never have finished its work.
    this.#status = undefined;
    this.#end(`${phase} within ${timeoutMs} ms`);
    this.#controller?.abort(new Error('deadline'));
  }

  #end(error?: string, interrupted = false): void {
    const done = this.#done;
    if (!done) return;
    this.#done = undefined;
    clearTimeout(this.#deadline);
    done({
      startedAt: new Date(this.startedAtMs),
      durationMs: Math.round(performance.now() - this.#startedAt),
      interrupted,
      status: this.#status,
      error,
      responseBody: this.#kept.length > 0 ? textOf(this.#kept) : undefined,
      retryAfterMs: this.#retryAfterMs,
    });
  }
}

/** PostgreSQL's text holds everything but NUL; a cut or foreign character becomes U+FFFD. */
function textOf(chunks: readonly Buffer[]): string {
  const [first] = chunks;
  const bytes = chunks.length === 1 && first ? first : Buffer.concat(chunks);
  const text = bytes.toString('utf8');
  return text.includes('\0') ? text.replaceAll('\0', '\u{FFFD}') : text;
}

/** `connect ECONNREFUSED 127.0.0.1:9` rather than a class name; an AggregateError says its first cause. */
function describe(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return describe(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  const text = error.message === '' ? error.name : error.message;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return text.includes(code) ? text : `${text} (${code})`;
}
