/**
 * One request and its response, over one connection or two.
 *
 * The request is repeated on a new connection when the one it was written to had been idle, and then ended without a
 * byte of an answer or answered 408: the receiver had closed it, or was about to, because it was idle. So it is when what
 * came is no HTTP: it belongs to the answer before. Once only.
 *
 * Source: RFC 9110 section 9.2.2 (a client may repeat automatically what it knows to be idempotent: the `webhook-id` is the
 * same) and 15.5.9 (408); RFC 9112 sections 9.3.1 and 9.5.
 */
import type { Connection, Occupant } from './connection.ts';
import type { ResponseHead, ResponseHeaders } from './response-head.ts';

export interface ExchangeHandler {
  onHead(status: number, headers: ResponseHeaders): void;
  onBody(chunk: Buffer): void;
  /** The response is complete. */
  onEnd(): void;
  onError(error: unknown): void;
}

/** What carries exchanges: the connections of their route. */
export interface Carrier {
  /** Begins the exchange on a new connection, or has it fail. */
  open(exchange: Exchange): void;
  /** The exchange waits for a connection no longer. */
  giveUp(exchange: Exchange): void;
}

const requestTimeout = 408;

export class Exchange implements Occupant {
  readonly #pieces: readonly Buffer[];
  readonly #handler: ExchangeHandler;
  readonly #carrier: Carrier;
  #connection: Connection | undefined;
  #isRepeated = false;
  #isOver = false;

  constructor(pieces: readonly Buffer[], handler: ExchangeHandler, carrier: Carrier) {
    this.#pieces = pieces;
    this.#handler = handler;
    this.#carrier = carrier;
  }

  begin(connection: Connection): void {
    this.#connection = connection;
    connection.carry(this.#pieces, this);
  }

  /** There is no connection to be had. */
  fail(error: unknown): void {
    this.#end();
    this.#handler.onError(error);
  }

  /** Ends it; the handler hears nothing more. */
  cancel(): void {
    if (this.#isOver) return;
    const connection = this.#connection;
    this.#end();
    if (connection) connection.close();
    else this.#carrier.giveUp(this);
  }

  onHead({ status, headers }: ResponseHead): void {
    const connection = this.#connection;
    if (status === requestTimeout && connection && this.#mayRepeat(connection)) {
      connection.close();
      return this.#repeat();
    }
    this.#handler.onHead(status, headers);
  }

  onBody(chunk: Buffer): void {
    this.#handler.onBody(chunk);
  }

  onEnd(): void {
    this.#end();
    this.#handler.onEnd();
  }

  onCut(error: Error): void {
    const connection = this.#connection;
    if (connection && !connection.isHeard && this.#mayRepeat(connection)) return this.#repeat();
    this.fail(error);
  }

  #mayRepeat({ hasRested }: Connection): boolean {
    return hasRested && !this.#isRepeated;
  }

  #repeat(): void {
    this.#isRepeated = true;
    this.#connection = undefined;
    this.#carrier.open(this);
  }

  #end(): void {
    this.#isOver = true;
    this.#connection = undefined;
  }
}
