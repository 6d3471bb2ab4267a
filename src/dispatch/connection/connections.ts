/**
 * The connections of one route. The one that answered last is the next to be used, so there are no more of them than
 * requests in flight at a time, and those that nobody needs grow old and are closed.
 *
 * A receiver may close an idle connection at the very moment when a request is written to it. Then the request is sent once
 * more at once, on a new connection, as if nothing had been: a receiver that saw both knows the second by its id.
 * `Exchange` says when.
 */
import type { Socket } from 'node:net';

import type { Connect } from '../egress/connect.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import { Exchange, type Carrier, type ExchangeHandler } from './exchange.ts';
import { encodeRequest, type HttpRequest } from './http-request.ts';
import { cutError } from './response-error.ts';

/** A connection that is being opened, and the request that waits for it, unless that was given up. */
interface Dial {
  exchange: Exchange | undefined;
}

/** Requests are begun on a connection for this share of the time for which its receiver seems to keep it. */
const keptShare = 0.9;
/** A receiver that restarts closes what was idle for a moment: that is no reason to open one for each request. */
const idleMsMin = 500;

export class Connections implements ConnectionOwner, Carrier {
  readonly #host: string;
  readonly #connect: Connect;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  readonly #dials = new Set<Dial>();
  /** Dials whose request was given up. */
  readonly #spare = new Set<Dial>();
  /** How long the receiver seems to keep an idle connection. */
  #idleMsMax = Infinity;
  #isDestroyed = false;

  /** @param origin `https://host:port`, as `URL.origin` spells it. */
  constructor(origin: string, connect: Connect) {
    this.#host = new URL(origin).host;
    this.#connect = connect;
  }

  /** Connections there are, those that are being opened included. */
  get size(): number {
    return this.#all.size + this.#dials.size;
  }

  /** Sends a request. The handler is not called before this returns. @throws Error as `encodeRequest`. */
  send(request: HttpRequest, handler: ExchangeHandler): Exchange {
    const exchange = new Exchange(encodeRequest(request, this.#host), handler, this);
    const connection = this.#takeIdle();
    if (connection) exchange.begin(connection);
    else this.open(exchange);
    return exchange;
  }

  /** Sends it on a new connection, as soon as there is one. */
  open(exchange: Exchange): void {
    const [spare] = this.#spare;
    if (!spare) return this.#dial(exchange);
    this.#spare.delete(spare);
    spare.exchange = exchange;
  }

  giveUp(exchange: Exchange): void {
    for (const dial of this.#dials) {
      if (dial.exchange !== exchange) continue;
      dial.exchange = undefined;
      this.#spare.add(dial);
    }
  }

  /** Closes what has been idle for too long. */
  closeIdle(): void {
    const nowMs = performance.now();
    const old = this.#idle.filter(({ idleUntilMs }) => idleUntilMs <= nowMs);
    for (const connection of old) connection.close();
  }

  /** Closes all connections; whatever is on them hears nothing more. */
  destroy(): void {
    this.#isDestroyed = true;
    for (const connection of this.#all) connection.close();
  }

  freed(connection: Connection): void {
    connection.idleUntilMs = Math.min(
      connection.idleUntilMs,
      connection.restedAtMs + this.#idleMsMax,
    );
    this.#idle.push(connection);
  }

  closed(connection: Connection, idleMs = Infinity): void {
    const isSoon = idleMs * keptShare < this.#idleMsMax;
    if (isSoon) this.#idleMsMax = Math.max(idleMsMin, idleMs * keptShare);
    this.#all.delete(connection);
    const at = this.#idle.lastIndexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  #takeIdle(): Connection | undefined {
    const nowMs = performance.now();
    for (let last = this.#idle.pop(); last; last = this.#idle.pop()) {
      if (last.idleUntilMs > nowMs) return last;
      last.close();
    }
    return undefined;
  }

  #dial(exchange: Exchange): void {
    const dial: Dial = { exchange };
    this.#dials.add(dial);
    void this.#open(dial, exchange);
  }

  /** @param first the request that wanted the connection. */
  async #open(dial: Dial, first: Exchange): Promise<void> {
    const socket = await this.#connect().catch((error: unknown) => ({ error }));
    this.#dials.delete(dial);
    this.#spare.delete(dial);
    const { exchange } = dial;
    if (!('error' in socket)) return this.#opened(socket, exchange);
    if (exchange === first) exchange.fail(socket.error);
    // It came later than this connection was asked for, and has its own time.
    else if (exchange) this.#dial(exchange);
  }

  #opened(socket: Socket, exchange: Exchange | undefined): void {
    if (this.#isDestroyed) {
      socket.destroy();
      return;
    }
    if (socket.destroyed) return exchange?.fail(socket.errored ?? cutError());
    const connection = new Connection(socket, this);
    this.#all.add(connection);
    if (exchange) exchange.begin(connection);
    else connection.rest();
  }
}
