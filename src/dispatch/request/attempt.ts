/** One request on its way: a deadline over all of it, and the result. */
import type { Attempt } from '../../event/delivery.ts';
import { RenderError } from '../../event/errors.ts';
import { retryAfterMs } from '../../outcome/retry-after.ts';
import type { Exchange, ExchangeHandler } from '../connection/exchange.ts';
import type { ResponseHeaders } from '../connection/response-head.ts';
import type { Conceal } from './conceal.ts';
import { codeOf, describeError } from './describe-error.ts';
import { responseText, withoutControls } from './response-text.ts';

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

export interface AttemptOptions {
  /** How much of the response is kept, in bytes. */
  readonly keepBytes: number;
  readonly timeoutMs: number;
  /** Takes secrets out of the response. */
  readonly conceal: Conceal;
  /** Called once, when the response's head has come; the headers are as the receiver sent them. */
  readonly onHead?: (status: number, headers: ResponseHeaders) => void;
  /** Called exactly once. */
  readonly done: (attempt: SentAttempt) => void;
}

/** A response longer than this is cut off; up to here it is read to its end, which keeps the connection. */
const readBytesMax = 65_536;

/** The first of a header's values. */
export const firstOf = (value: ResponseHeaders[string]): string | undefined =>
  typeof value === 'object' ? value[0] : value;

/** How an attempt ended without a complete response. */
type AttemptEnd = Partial<Pick<SentAttempt, 'error' | 'errorCode' | 'interrupted'>>;

/** Ends once: by the response, an error, the deadline, or shutdown. */
export class RunningAttempt implements ExchangeHandler {
  readonly startedAtMs = Date.now();
  readonly #startedAt = performance.now();
  readonly #keepBytes: number;
  readonly #conceal: Conceal;
  readonly #onHead: AttemptOptions['onHead'];
  readonly #deadline: NodeJS.Timeout;
  #done: AttemptOptions['done'] | undefined;
  #exchange: Exchange | undefined;
  #status: number | undefined;
  #headers: ResponseHeaders = {};
  #isComplete = false;
  #read = 0;
  #kept: Buffer[] = [];

  constructor({ keepBytes, timeoutMs, conceal, onHead, done }: AttemptOptions) {
    this.#keepBytes = keepBytes;
    this.#conceal = conceal;
    this.#onHead = onHead;
    this.#done = done;
    this.#deadline = setTimeout(() => this.#expire(timeoutMs), timeoutMs);
  }

  /** The request was begun. */
  follow(exchange: Exchange): void {
    this.#exchange = exchange;
  }

  onHead(status: number, headers: ResponseHeaders): void {
    this.#status = status;
    this.#headers = headers;
    this.#onHead?.(status, headers);
  }

  onBody(chunk: Buffer): void {
    const room = this.#keepBytes - this.#read;
    if (room > 0) this.#kept.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    this.#read += chunk.length;
    if (this.#read <= readBytesMax) return;
    this.#exchange?.cancel();
    this.#end();
  }

  onEnd(): void {
    this.#isComplete = true;
    this.#end();
  }

  onError(error: unknown): void {
    this.fail(error);
  }

  fail(error: unknown): void {
    this.#end({ error: describeError(error), errorCode: codeOf(error) });
  }

  interrupt(): void {
    this.#exchange?.cancel();
    this.#end({ error: 'interrupted by shutdown', interrupted: true });
  }

  #expire(timeoutMs: number): void {
    const phase = this.#status === undefined ? 'no response' : 'response not complete';
    // A status without its body is no answer: the receiver may never have finished its work.
    this.#status = undefined;
    this.#exchange?.cancel();
    this.#end({ error: `${phase} within ${timeoutMs} ms`, errorCode: 'timeout' });
  }

  #end({ error, errorCode, interrupted = false }: AttemptEnd = {}): void {
    const done = this.#done;
    if (!done) return;
    this.#done = undefined;
    clearTimeout(this.#deadline);
    const status = this.#status;
    done({
      startedAt: new Date(this.startedAtMs),
      durationMs: Math.round(performance.now() - this.#startedAt),
      interrupted,
      status,
      error: error ?? this.#redirection(),
      errorCode,
      responseBody: this.#kept.length > 0 ? this.#text() : undefined,
      retryAfterMs:
        status === 429 || status === 503
          ? retryAfterMs(this.#headers['retry-after'], Date.now())
          : undefined,
    });
  }

  #text(): string {
    const [first] = this.#kept;
    const bytes = this.#kept.length === 1 && first ? first : Buffer.concat(this.#kept);
    const contentEncoding = firstOf(this.#headers['content-encoding']);
    const contentType = firstOf(this.#headers['content-type']);
    const text = responseText(bytes, this.#keepBytes, { contentType, contentEncoding });
    // What is unpacked is cut as well.
    const isWhole = this.#isComplete && contentEncoding === undefined;
    return this.#conceal(text, !isWhole || this.#read > this.#keepBytes);
  }

  /** Where a redirect leads, which is not followed; a missing slash, mostly. */
  #redirection(): string | undefined {
    const status = this.#status ?? 0;
    const location = firstOf(this.#headers['location']);
    if (status < 300 || status > 399 || location === undefined) return undefined;
    const shown = withoutControls(location);
    const isCut = shown.length > locationCharsMax;
    return `redirected to ${this.#conceal(shown.slice(0, locationCharsMax), isCut)}`;
  }
}

const locationCharsMax = 2_000;
