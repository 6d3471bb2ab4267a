/** One connection to a receiver: a request at a time, as HTTP/1.1 has it. */
import type { Socket } from 'node:net';

import { cutError, foreignError } from './response-error.ts';
import type { ResponseHead } from './response-head.ts';
import { ResponseReader } from './response-reader.ts';

/** What the request that is on the connection learns. */
export interface Occupant {
  onHead(head: ResponseHead): void;
  onBody(chunk: Buffer): void;
  onEnd(): void;
  /** There will be no complete response. The connection is closed. */
  onCut(error: Error): void;
}

export interface ConnectionOwner {
  /** The connection may take another request. */
  freed(connection: Connection): void;
  /**
   * It ended. Called once.
   *
   * @param idleMs how long it was idle, where the receiver ended it for that.
   */
  closed(connection: Connection, idleMs?: number): void;
}

/** An idle connection is kept so long, unless its receiver says how long it keeps it. */
const idleMsMax = 30_000;
/** A receiver's own time is taken as shorter by this: the request has a way to go. */
const idleMarginMs = 2_000;

export class Connection {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #reader: ResponseReader;
  #occupant: Occupant | undefined;
  #idleMs = idleMsMax;
  #isClosed = false;
  /** Whether it was idle since it was opened: its receiver may have closed it, and the news be on its way. */
  hasRested = false;
  /** Whether anything that may be an answer has come since the request was written. */
  isHeard = false;
  /** When it was idle last, milliseconds of `performance.now()`. */
  restedAtMs = 0;
  /** No request is begun on it after this, milliseconds of `performance.now()`. */
  idleUntilMs = Infinity;

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#reader = new ResponseReader({
      onHead: head => this.#takeHead(head),
      onBody: chunk => this.#occupant?.onBody(chunk),
      onEnd: isReusable => this.#complete(isReusable),
      onForeign: first => this.#refuse(first),
    });
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('end', () => this.#finish());
    socket.on('error', (error: Error) => this.#end(error));
    socket.on('close', () => this.#finish());
  }

  /** Writes a request, and tells `occupant` of its response. */
  carry(pieces: readonly Buffer[], occupant: Occupant): void {
    this.#occupant = occupant;
    this.isHeard = false;
    this.idleUntilMs = Infinity;
    const [first, second] = pieces;
    if (second) this.#socket.cork();
    if (first) this.#socket.write(first);
    if (!second) return;
    this.#socket.write(second);
    this.#socket.uncork();
  }

  /** Keeps it for the next request. */
  rest(): void {
    this.hasRested = true;
    this.restedAtMs = performance.now();
    this.idleUntilMs = this.restedAtMs + this.#idleMs;
    this.#owner.freed(this);
  }

  /** Closes it; whoever is on it hears nothing more. */
  close(): void {
    this.#occupant = undefined;
    this.#end(cutError(), false);
  }

  #read(chunk: Buffer): void {
    // Nothing was asked: a 408 on its way to a client that was idle, or worse.
    if (!this.#occupant) return this.#end(cutError());
    this.isHeard = true;
    this.#reader.read(chunk);
  }

  #takeHead(head: ResponseHead): void {
    const { keepAliveMs } = head;
    this.#idleMs =
      keepAliveMs === undefined ? idleMsMax : Math.min(idleMsMax, keepAliveMs - idleMarginMs);
    this.#occupant?.onHead(head);
  }

  #complete(isReusable: boolean): void {
    if (this.#isClosed) return;
    const occupant = this.#occupant;
    this.#occupant = undefined;
    // What is still being written belongs to a request that was answered before it was read.
    if (isReusable && this.#idleMs > 0 && this.#socket.writableLength === 0) this.rest();
    else this.close();
    occupant?.onEnd();
  }

  /** Where the connection has answered before, it may be the rest of that answer, and this request's is never read. */
  #refuse(first: Buffer): void {
    this.isHeard = false;
    this.#end(foreignError(first), false);
  }

  /** The receiver sends nothing more. */
  #finish(): void {
    if (this.#isClosed) return;
    if (this.#reader.finish()) this.#complete(false);
    else this.#end(cutError());
  }

  /** @param isTheirs whether the receiver, or the network, ended it. */
  #end(error: Error, isTheirs = true): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const occupant = this.#occupant;
    this.#occupant = undefined;
    this.#reader.stop();
    this.#socket.destroy();
    const isStale = isTheirs && this.hasRested && !(occupant && this.isHeard);
    this.#owner.closed(this, isStale ? performance.now() - this.restedAtMs : undefined);
    occupant?.onCut(error);
  }
}
