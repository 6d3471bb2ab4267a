/** Several deliveries in one request: each rendered by itself, then joined, then perhaps compressed. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import type { Batching } from '../../webhook/batching.ts';
import { RenderError } from '../../event/errors.ts';
import type { Webhook } from '../../webhook/webhook.ts';
import { joinRendered } from '../../format/batch.ts';
import type { Rendered } from '../../format/format.ts';
import type { Formats } from '../../format/formats.ts';
import { unsent, type SentAttempt } from './attempt.ts';
import type { Delivery, OutgoingEvent } from '../delivery.ts';
import { requireFormat, type Render } from './render.ts';
import type { OutgoingRequest } from './outgoing.ts';
import type { Sender } from './send.ts';

/** The request of a batch, and the events that it goes without. */
export interface BatchRequest {
  readonly request: OutgoingRequest;
  /** The events that could not be rendered, and why. */
  readonly refused: ReadonlyMap<OutgoingEvent, RenderError>;
}

/**
 * Builds the request of a batch. Rejected with a `RenderError` when none of the events can be rendered.
 *
 * @throws Error when the webhook cannot be sent to as it is, and where the format allows one event a request only.
 */
export type BuildBatch = (
  events: readonly OutgoingEvent[],
  webhook: Webhook,
  timeoutMs: number,
) => Promise<BatchRequest>;

export interface FormatBatching extends Batching {
  readonly arrayType: string;
}

/** The webhook's batching. @throws Error when the webhook wants none, or its format allows one event a request only. */
export function batchingOf({ batch, format }: Webhook, formats: Formats): FormatBatching {
  const { arrayType } = requireFormat(formats, format);
  if (!batch) throw new Error('the webhook wants one event a request');
  if (arrayType === undefined) {
    throw new Error(`the format ${format} has one event a request; remove batch`);
  }
  return { ...batch, arrayType };
}

/** Renders the events. Rejected with the first `RenderError` when none can be rendered. */
export async function renderBatch(
  events: readonly OutgoingEvent[],
  render: Render,
  { as, arrayType }: FormatBatching,
): Promise<{
  readonly form: Rendered;
  readonly refused: ReadonlyMap<OutgoingEvent, RenderError>;
}> {
  const said = await Promise.allSettled(events.map(async event => render(event)));
  const refused = new Map<OutgoingEvent, RenderError>();
  const parts: Rendered[] = [];
  for (const [index, event] of events.entries()) {
    const one = said[index];
    if (one?.status === 'fulfilled') parts.push(one.value);
    else if (one?.reason instanceof RenderError) refused.set(event, one.reason);
    else throw one?.reason;
  }
  const [first] = refused.values();
  if (parts.length === 0 && first) throw first;
  return { form: joinRendered(parts, as, arrayType), refused };
}

const gzipAsync = promisify(gzip);

/**
 * Compresses the body. The signatures stay those of the body that the receiver sees, which its server unpacks by
 * itself.
 */
export async function compressed(request: OutgoingRequest): Promise<OutgoingRequest> {
  const body = await gzipAsync(request.body);
  const headers = [...request.headers, 'Content-Encoding', 'gzip'];
  return { ...request, body, headers, plainBody: request.body };
}

/** Maximum length of the events in one request, in UTF-16 units of their recorded bodies; one more may go beyond it. */
const lengthMax = 1_000_000;

/** Decides for one delivery after the other whether it goes in the same request as `first`. */
export function alongWith(first: Delivery, eventsMax: number): (next: Delivery) => boolean {
  let count = 1;
  let { length } = first.event.body;
  return ({ event }) => {
    if (count >= eventsMax || length >= lengthMax) return false;
    count += 1;
    length += event.body.length;
    return true;
  };
}

/**
 * Sends a batch.
 *
 * @param done is called once, with the attempt at the request, and with what tells each delivery's own.
 * @throws Error as `BuildBatch`.
 */
export function sendBatch(
  { batch, sender }: { readonly batch: BuildBatch; readonly sender: Sender },
  deliveries: readonly Delivery[],
  { webhook, timeoutMs }: { readonly webhook: Webhook; readonly timeoutMs: number },
  done: (attempt: SentAttempt, attemptOf: (delivery: Delivery) => SentAttempt) => void,
): void {
  const events = deliveries.map(({ event }) => event);
  let refused: ReadonlyMap<OutgoingEvent, RenderError> = new Map();
  const request = batch(events, webhook, timeoutMs).then(made => {
    ({ refused } = made);
    return made.request;
  });
  sender.send(request, attempt =>
    done(attempt, ({ event }) => {
      const refusal = refused.get(event);
      return refusal ? unsent(refusal) : attempt;
    }),
  );
}
