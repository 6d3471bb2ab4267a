/** The connections to one receiver, and a request on one of them: the same for deliveries and for test deliveries. */
import { Pool, type buildConnector, type Dispatcher } from 'undici';

import type { Route } from '../egress/route.ts';

export function openPool(
  origin: string,
  connect: buildConnector.connector,
  connections: number,
): Pool {
  return new Pool(origin, {
    connections,
    pipelining: 1,
    // The attempt's own deadline covers every phase.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 30_000,
    allowH2: false,
    connect,
  });
}

export interface HttpRequest {
  /** Path and query. */
  readonly path: string;
  /** Flat list: name, value, name, value, … */
  readonly headers: string[];
  readonly body: Buffer;
  /** `POST` when absent. */
  readonly method?: 'POST' | 'OPTIONS';
}

export interface OutgoingRequest extends HttpRequest {
  readonly route: Route;
  /** The webhook's secret, where it is part of the request for the receiver to see; nobody else may see it. */
  readonly credential?: string;
  /** Reason why nothing is to be sent: the format has nothing to send for the event. */
  readonly skip?: string;
  /** Deadline from now until the response is read. */
  readonly timeoutMs: number;
}

/** Starts a request. @throws Error of undici for what cannot be written into a request. */
export function startRequest(
  pool: Pool,
  { path, headers, body, method = 'POST' }: HttpRequest,
  handler: Dispatcher.DispatchHandler,
): void {
  pool.dispatch({ path, method, headers, body }, handler);
}
