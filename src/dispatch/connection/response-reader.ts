/**
 * Reads the responses of one connection, one after the other, as their bytes come.
 *
 * The status line decides, whatever follows it: what cannot be understood behind it ends the response there and the
 * connection with it. Responses 1xx are read over.
 *
 * Source: RFC 9112 sections 6 and 7; RFC 9110 section 15.2.
 */
import {
  emptyLinesIn,
  endOfHead,
  readHead,
  type BodyFraming,
  type ResponseHead,
} from './response-head.ts';

export interface ResponseSink {
  onHead(head: ResponseHead): void;
  onBody(chunk: Buffer): void;
  /** The response is complete. @param isReusable whether another request may follow on the connection. */
  onEnd(isReusable: boolean): void;
  /** It is no HTTP. @param first what came instead. */
  onForeign(first: Buffer): void;
}

/** Maximum length of a head, of what comes before it, and of the trailers. */
const headBytesMax = 65_536;
/** Maximum length of the line before a chunk. */
const chunkLineBytesMax = 4_096;
/** Longer heads are not kept to be recognised. */
const keptHeadBytesMax = 2_048;
/** Something that may become a status line. */
const beginning = /^H(T(T(P(\/|$)|$)|$)|$)/;

type Step = 'head' | 'counted' | 'chunk-line' | 'chunk' | 'chunk-end' | 'trailers' | 'until-close';

export class ResponseReader {
  readonly #sink: ResponseSink;
  #step: Step = 'head';
  /** The beginning of what is not complete: a head or a line. */
  #held: Buffer | undefined;
  /** Bytes that were read over before the head: empty lines, and responses 1xx. */
  #readOver = 0;
  /** Bytes of the body or chunk that have not come; of the trailers, that may come. */
  #left = 0;
  #isReusable = false;
  #isStopped = false;
  /** The head before: receivers repeat themselves for as long as the second of their clock lasts. */
  #known: { readonly bytes: Buffer; readonly head: ResponseHead } | undefined;

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  read(chunk: Buffer): void {
    let rest: Buffer | undefined = this.#held ? Buffer.concat([this.#held, chunk]) : chunk;
    this.#held = undefined;
    while (rest && rest.length > 0 && !this.#isStopped) rest = this.#advance(rest);
  }

  /** Nothing more will come. @returns whether that completes the response. */
  finish(): boolean {
    const held = this.#held;
    if (this.#step === 'head' && held?.includes('\n')) this.#beginWith(held);
    return this.#step === 'until-close' && !this.#isStopped;
  }

  /** Reads nothing more of what comes. */
  stop(): void {
    this.#isStopped = true;
    this.#held = undefined;
  }

  /** Takes one step. @returns the bytes that are left, undefined when more are needed. */
  #advance(bytes: Buffer): Buffer | undefined {
    switch (this.#step) {
      case 'head':
        return this.#readHead(bytes);
      case 'counted':
      case 'chunk':
        return this.#readCounted(bytes);
      case 'chunk-line':
        return this.#readChunkLine(bytes);
      case 'chunk-end':
      case 'trailers':
        return this.#readTrailer(bytes);
      case 'until-close':
        this.#sink.onBody(bytes);
        return undefined;
    }
  }

  #readHead(given: Buffer): Buffer | undefined {
    const known = this.#known;
    if (known && beginsWith(given, known.bytes)) {
      return this.#beginResponse(known.head, given, known.bytes.length);
    }
    const bytes = this.#skip(given, emptyLinesIn(given));
    if (bytes === undefined || bytes.length === 0) return undefined;
    const end = endOfHead(bytes);
    if (end < 0 && bytes.length <= headBytesMax) {
      if (beginning.test(bytes.toString('latin1', 0, 16))) this.#held = bytes;
      else this.#refuse(bytes);
      return undefined;
    }
    return this.#beginWith(bytes, end < 0 ? undefined : end);
  }

  /** @param end of the head; without one it is cut, and nothing behind it is read. */
  #beginWith(bytes: Buffer, end?: number): Buffer | undefined {
    const head = readHead(bytes.toString('latin1', 0, end ?? bytes.length));
    if (!head) return this.#refuse(bytes);
    if (head.status < 200 && head.status !== 101) return this.#skip(bytes, end ?? bytes.length);
    const isKept = end !== undefined && end <= keptHeadBytesMax;
    this.#known = isKept ? { bytes: Buffer.from(bytes.subarray(0, end)), head } : undefined;
    return this.#beginResponse(head, bytes, end);
  }

  #beginResponse(head: ResponseHead, bytes: Buffer, end?: number): Buffer | undefined {
    this.#readOver = 0;
    this.#isReusable = head.isReusable && end !== undefined;
    this.#sink.onHead(head);
    return this.#isStopped
      ? undefined
      : this.#beginBody(
          end === undefined ? 'unknown' : head.body,
          bytes.subarray(end ?? bytes.length),
        );
  }

  /** Leaves out bytes before the head. @returns the others; undefined when there were too many. */
  #skip(bytes: Buffer, count: number): Buffer | undefined {
    this.#readOver += count;
    return this.#readOver > headBytesMax ? this.#refuse(bytes) : bytes.subarray(count);
  }

  #beginBody(framing: BodyFraming, rest: Buffer): Buffer | undefined {
    switch (framing) {
      case 'unknown':
        return this.#break(rest);
      case 'until-close':
      case 'chunked':
        this.#step = framing === 'chunked' ? 'chunk-line' : framing;
        return rest;
      case 0:
        return this.#end(rest);
      default:
        this.#step = 'counted';
        this.#left = framing;
        return rest;
    }
  }

  #readCounted(bytes: Buffer): Buffer | undefined {
    const piece = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= piece.length;
    this.#sink.onBody(piece);
    if (this.#left > 0) return undefined;
    const rest = bytes.subarray(piece.length);
    if (this.#step === 'counted') return this.#end(rest);
    this.#step = 'chunk-end';
    return rest;
  }

  #readChunkLine(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf('\n');
    const isSize = /^[ \t]*([0-9a-f]|$)/i.test(bytes.toString('latin1', 0, 16));
    if (end < 0 && isSize && bytes.length <= chunkLineBytesMax) return this.#hold(bytes);
    const size = /^[ \t]*([0-9a-f]{1,12})(?![0-9a-f])/i.exec(bytes.toString('latin1', 0, end))?.[1];
    if (end < 0 || size === undefined) return this.#break(bytes);
    const length = Number.parseInt(size, 16);
    this.#left = length > 0 ? length : headBytesMax;
    this.#step = length > 0 ? 'chunk' : 'trailers';
    return bytes.subarray(end + 1);
  }

  /** The line that ends a chunk, or one of those behind the last chunk. */
  #readTrailer(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf('\n');
    if (end < 0) return bytes.length > headBytesMax ? this.#break(bytes) : this.#hold(bytes);
    const isEmpty = end === 0 || (end === 1 && bytes[0] === 0x0d);
    const rest = bytes.subarray(end + 1);
    if (this.#step === 'trailers') {
      if (isEmpty) return this.#end(rest);
      this.#left -= end;
      return this.#left > 0 ? rest : this.#break(bytes.subarray(0, 0));
    }
    this.#step = 'chunk-line';
    return isEmpty ? rest : this.#break(rest);
  }

  #hold(bytes: Buffer): undefined {
    this.#held = bytes;
  }

  /** Ends a response whose end cannot be known, with what has come of it. */
  #break(bytes: Buffer): undefined {
    this.stop();
    if (bytes.length > 0) this.#sink.onBody(bytes);
    this.#sink.onEnd(false);
  }

  #refuse(bytes: Buffer): undefined {
    this.stop();
    this.#sink.onForeign(bytes);
  }

  /** @param rest more than was asked for: then nothing that comes can be told from the next response. */
  #end(rest: Buffer): undefined {
    this.#step = 'head';
    const isReusable = this.#isReusable && rest.length === 0;
    if (!isReusable) this.stop();
    this.#sink.onEnd(isReusable);
  }
}

const beginsWith = (bytes: Buffer, head: Buffer): boolean =>
  bytes.length >= head.length && head.compare(bytes, 0, head.length) === 0;
