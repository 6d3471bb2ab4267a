/** A request that is ready to be sent, and where it goes. */
import type { HttpRequest } from '../connection/http-request.ts';
import type { Route } from '../egress/route.ts';
import type { Conceal } from './conceal.ts';

export interface OutgoingRequest extends HttpRequest {
  readonly route: Route;
  /** The webhook's secret, where it is part of the request for the receiver to see; nobody else may see it. */
  readonly credential?: string;
  /** Takes the webhook's secrets out of what the receiver says. */
  readonly conceal: Conceal;
  /** The body as it is before it is compressed, where it is. */
  readonly plainBody?: Buffer;
  /** Reason why nothing is to be sent: the format has nothing to send for the event. */
  readonly skip?: string;
  /** Deadline from now until the response is read. */
  readonly timeoutMs: number;
}
