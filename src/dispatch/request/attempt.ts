/** One request on its way: undici's handler, a deadline over all of it, and the result. */
import type { Dispatcher } from 'undici';

import type { Attempt } from '../../event/delivery.ts';
import { RenderError } from '../../event/errors.ts';
import { retryAfterMs } from '../../outcome/retry-after.ts';
import { codeOf, describeError } from './describe-error.ts';

/** The result of a request. */
export interface SentAttempt extends Attempt {
  /** Shutdown ended it early: it says nothing about the receiver and does not count as a try. */
  readonly interrupted: boolean;
  /** Code of the error: `ECONNREFUSED`, `egress_blocked`, `timeout`. */
  readonly errorCode?: string | undefined;
  /** There was no request: the event could not be rendered. `isFinal` when no further try could end differently; `isBusy` when it was not even tried. */
  readonly unsent?: { readonly isFinal: boolean; readonly isBusy?: boolean };
  /** Reason why nothing was to be sent. */
  readonly skipped?: string;
}

/** An attempt without a request: the format has nothing to send for the event. */
export function skipped(reason: string): SentAttempt {
  return {
    startedAt: new Date(),
    durationMs: 0,
    interrupted: false,
    unsent: { isFinal: true },
    skipped: reason,
  };
}

/** An attempt without a request: the event could not be rendered. */
export function unsent(error: unknown, startedAtMs = Date.now()): SentAttempt {
  return {
    startedAt: new Date(startedAtMs),
    durationMs: Date.now() - startedAtMs,
    interrupted: false,
    error: describeError(error),
    errorCode: codeOf(error),
    unsent: {
      isFinal: error instanceof RenderError && error.isFinal,
      isBusy: error instanceof RenderError && error.isBusy,
    },
  };
}

export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface AttemptOptions {
  /** How much of the response is kept, in bytes. */
  readonly keepBytes: number;
  readonly timeoutMs: number;
  /** Called once, when the response's head has come. */
  readonly onHead?: (status: number, headers: ResponseHeaders) => void;
  /** Called exactly once. */
  readonly done: (attempt: SentAttempt) => void;
}

/** A response longer than this is cut off; up to here it is read to its end, which keeps the connection. */
const readBytesMax = 65_536;

/** How an attempt ended without a complete response. */
type AttemptEnd = Partial<Pick<SentAttempt, 'error' | 'errorCode' | 'interrupted'>>;

/** Ends once: by the response, an error, the deadline, or shutdown. */
export class RunningAttempt implements Dispatcher.DispatchHandler {
  readonly startedAtMs = Date.now();
  readonly #startedAt = performance.now();
  readonly #keepBytes: number;
  readonly #onHead: AttemptOptions['onHead'];
  readonly #deadline: NodeJS.Timeout;
  #done: AttemptOptions['done'] | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status: number | undefined;
  #retryAfterMs: number | undefined;
  #read = 0;
  #kept: Buffer[] = [];

  constructor({ keepBytes, timeoutMs, onHead, done }: AttemptOptions) {
    this.#keepBytes = keepBytes;
    this.#onHead = onHead;
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
    headers: ResponseHeaders,
  ): void {
    this.#status = status;
    this.#onHead?.(status, headers);
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
    this.#end({ error: describeError(error), errorCode: codeOf(error) });
  }

  interrupt(): void {
    this.#end({ error: 'interrupted by shutdown', interrupted: true });
    this.#controller?.abort(new Error('shutdown'));
  }

  #expire(timeoutMs: number): void {
    const phase = this.#status === undefined ? 'no response' : 'response not complete';
    // A status without its body is no answer: the receiver may never have finished its work.
    this.#status = undefined;
    this.#end({ error: `${phase} within ${timeoutMs} ms`, errorCode: 'timeout' });
    this.#controller?.abort(new Error('deadline'));
  }

  #end({ error, errorCode, interrupted = false }: AttemptEnd = {}): void {
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
      errorCode,
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
